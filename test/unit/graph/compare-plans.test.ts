import {
  type Aggregator,
  avg,
  boundedOutOfOrderness,
  count,
  definePipeline,
  dynamoSink,
  type IdleShards,
  kinesisSink,
  kinesisSource,
  minutes,
  type Pipeline,
  type Sink,
  s3Sink,
  seconds,
  session,
  sliding,
  sqsSink,
  sum,
  tumbling,
  type WindowAssigner,
} from 'millrace';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { comparePlans } from '../../../lib/graph/compare-plans.ts';
import { firstEpoch, nextEpoch } from '../../../lib/graph/layout-plan.ts';
import type { Plan } from '../../../lib/graph/plan.ts';
import { renderComparison } from '../../../lib/graph/render-comparison.ts';
import { upgradeRefused } from '../../../lib/graph/upgrade-refused.ts';
import { type JobEpoch, layoutChange } from '../../../lib/state/state-layout.ts';
import { errorOf, Order, orders, Row } from '../dsl/fixtures.ts';

type OrderValue = z.infer<typeof Order>;
type AnyAggregate = Aggregator<OrderValue, unknown, unknown>;

interface Shape {
  readonly name?: string;
  readonly partitions?: 64 | 128;
  readonly stream?: string;
  readonly idle?: IdleShards;
  readonly filter?: boolean;
  readonly keyBy?: string;
  readonly window?: readonly [string, string?];
  readonly assigner?: WindowAssigner;
  readonly lateness?: number;
  readonly aggregates?: Readonly<Record<string, AnyAggregate>>;
  readonly sink?: readonly [string, string?];
  readonly table?: string;
  readonly inPlace?: boolean;
  readonly second?: boolean;
}

const renamed = ([, renamedFrom]: readonly [string, string?]) => (renamedFrom === undefined ? {} : { renamedFrom });
const total = sum((order: OrderValue) => order.amountCents);

const shaped = (shape: Shape = {}): Pipeline => {
  const { window = ['minute'], sink = ['table'], assigner = tumbling(minutes(1)), lateness = 0 } = shape;
  const { aggregates = { total }, inPlace = true, idle } = shape;
  return definePipeline(shape.name ?? 'p', { partitions: shape.partitions ?? 64 }, (p) => {
    const source = p.source(
      'orders',
      kinesisSource({
        stream: shape.stream ?? 'orders',
        schema: Order,
        eventTimeMs: (order) => order.at,
        watermarks: boundedOutOfOrderness(seconds(5), idle && { idle }),
      }),
    );
    const keyed = (shape.filter ? source.filter('paid', () => true) : source).keyBy(
      shape.keyBy ?? 'by-province',
      (order) => order.province,
    );
    keyed
      .window(window[0], assigner, { allowedLateness: seconds(lateness), ...renamed(window) })
      .aggregate('totals', aggregates)
      .map('row', () => ({ province: 'x', minute: 0, amountCents: 0 }))
      .sink(
        sink[0],
        dynamoSink({
          table: shape.table ?? 'revenue',
          schema: Row,
          key: ['province', 'minute'],
          ...(inPlace ? { streamKey: 'province' as const } : {}),
        }),
        renamed(sink),
      );
    if (!shape.second) return;
    keyed
      .window('hour', tumbling(minutes(60)))
      .aggregate('hourly', { n: count() })
      .map('hour-row', ({ value }) => ({ n: value.n }))
      .sink('hours', kinesisSink({ stream: 'hours', schema: z.object({ n: z.int() }), partitionKey: () => 'p' }));
  });
};

const effects = (before: Pipeline, after: Pipeline, drop?: readonly string[], epochs?: readonly JobEpoch[]): string[] =>
  comparePlans(before.plan, after.plan, { ...(drop && { drop }), ...(epochs && { epochs }) }).changes.map(
    ({ effect, what, change }) => `${effect} ${what}: ${change}`,
  );

const v2: AnyAggregate = { ...total, version: 2, upcasts: { 1: (cents: number) => ({ cents }) } } as AnyAggregate;

describe('a plan goes on with', () => {
  it('its own state', () => {
    expect(comparePlans(shaped().plan, shaped().plan)).toMatchObject({ compatible: true, changes: [] });
  });

  it.each<[string, Shape, string[]]>([
    ['an operator without state', { filter: true }, ["fine filter 'paid': new"]],
    [
      'a window that is renamed',
      { window: ['m', 'minute'] },
      ["fine hop 'by-province': combined for 'minute' → 'm'", "fine window 'm': renamed from 'minute'"],
    ],
    ['a sink that is renamed', { sink: ['rows', 'table'] }, ["fine sink 'rows': renamed from 'table'"]],
    ['another aggregate', { aggregates: { total, n: count() } }, ["added aggregate 'totals.n': new"]],
    [
      'an aggregate of a new version that reads the old one',
      { aggregates: { total: v2 } },
      ["fine aggregate 'totals.total': sum@1 → sum@2, by its upcast"],
    ],
    [
      'an aggregate that reads one more form, so that one can go back to it',
      { aggregates: { total: { ...total, upcasts: { 2: (cents: number) => cents } } as AnyAggregate } },
      ["fine aggregate 'totals.total': reads sum@2 too"],
    ],
    [
      'another window',
      { second: true },
      [
        "fine hop 'by-province': combined for 'minute' → none",
        "added window 'hour': new",
        "added sink 'hours': new",
        "fine map 'hour-row': new",
      ],
    ],
  ])('%s', (_name, after, changes) => {
    expect(effects(shaped(), shaped(after))).toEqual(changes);
  });

  it('panes of sliding windows that an early release has stored, which share slices from now on', () => {
    const now = shaped({ assigner: sliding(minutes(2), minutes(1)) }).plan;
    const then = structuredClone({ ...now, hash: 'early' }) as unknown as {
      stages: { operators: { detail: { slices?: string } }[] }[];
    };
    for (const stage of then.stages) for (const { detail } of stage.operators) delete detail.slices;
    const { compatible, changes } = comparePlans(then as unknown as Plan, now);
    expect(compatible).toBe(true);
    expect(changes).toMatchObject([{ effect: 'fine', what: "window 'minute'" }]);
  });

  it('what no change names, and says that the plan is another one: without an upgrade it would not run', () => {
    const [before, after] = [shaped({ window: ['m', 'minute'] }), shaped({ window: ['m'] })];
    expect(effects(before, after)).toEqual([
      `fine plan: ${before.plan.hash} → ${after.plan.hash}, in what nothing stored depends on`,
    ]);
  });

  it('an aggregate of another kind that reads the old one', () => {
    const mean = {
      ...avg((order: OrderValue) => order.amountCents),
      upcasts: { sum: (cents: number) => [cents, 1] as const },
    };
    expect(effects(shaped(), shaped({ aggregates: { total: mean as AnyAggregate } }))).toEqual([
      "fine aggregate 'totals.total': sum@1 → avg@1, by its upcast",
    ]);
  });

  it('the rest, where what is left out is dropped by name', () => {
    const before = shaped({ second: true, aggregates: { total, n: count() } });
    expect(effects(before, shaped(), ['hour', 'hours', 'totals.n'])).toEqual([
      "fine hop 'by-province': combined for none → 'minute'",
      "dropped window 'hour': removed",
      "dropped aggregate 'totals.n': removed",
      "dropped sink 'hours': removed",
      "fine map 'hour-row': removed",
    ]);
  });
});

describe('a plan is refused for', () => {
  it.each<[string, Shape, Shape, string]>([
    ['another name', {}, { name: 'q' }, "refused pipeline: 'p' → 'q'"],
    ['another number of partitions', {}, { partitions: 128 }, 'refused partitions: 64 → 128'],
    ['another source stream', {}, { stream: 'other' }, "refused stage 'orders': reads 'orders' → 'other'"],
    ['another keyBy', {}, { keyBy: 'by-region' }, "refused stage 'by-province': removed"],
    ['a table that gets a stage of its own', {}, { inPlace: false }, "refused stage 'table': new"],
    [
      'a table that another stage writes',
      { inPlace: false },
      { sink: ['rows'] },
      "refused sink 'rows': written by stage 'table' → 'by-province'",
    ],
    [
      'another size',
      {},
      { assigner: tumbling(minutes(2)) },
      "refused window 'minute': tumbling 1 min → tumbling 2 min",
    ],
    [
      'another kind of window',
      {},
      { assigner: session(minutes(1)) },
      "refused window 'minute': tumbling 1 min → session, gap 1 min",
    ],
    [
      'another gap',
      { assigner: session(minutes(1)) },
      { assigner: session(minutes(2)) },
      "refused window 'minute': session, gap 1 min → session, gap 2 min",
    ],
    ['another lateness', {}, { lateness: 5 }, "refused window 'minute': allowed lateness 0 ms → allowed lateness 5 s"],
    [
      'another kind of aggregate',
      {},
      { aggregates: { total: count() } },
      "refused aggregate 'totals.total': sum@1 → count@1",
    ],
    [
      'an aggregate that was of a newer version',
      { aggregates: { total: v2 } },
      {},
      "refused aggregate 'totals.total': sum@2 → sum@1",
    ],
    ['a window that is gone', { second: true }, {}, "refused window 'hour': removed"],
    ['an aggregate that is gone', { aggregates: { total, n: count() } }, {}, "refused aggregate 'totals.n': removed"],
    [
      'another target of a sink',
      {},
      { table: 'other' },
      "refused sink 'table': table revenue (province, minute) → table other (province, minute)",
    ],
    [
      'idle shards that are waited for again',
      { idle: { after: minutes(1), action: 'exclude' } },
      {},
      "refused source 'orders': idle shards are no longer excluded",
    ],
  ])('%s', (_name, before, after, problem) => {
    const comparison = comparePlans(shaped(before).plan, shaped(after).plan);
    expect(effects(shaped(before), shaped(after))).toContain(problem);
    expect(comparison.compatible).toBe(false);
    for (const change of comparison.changes.filter(({ effect }) => effect === 'refused')) {
      expect(change.why, change.what).toMatch(/\w/);
      expect(change.fix, change.what).toMatch(/\.$/);
    }
  });

  it('a drop of something that stays', () => {
    expect(effects(shaped(), shaped({ filter: true }), ['minute'])).toContain("refused drop 'minute': nothing");
  });

  it('a form that an earlier version has left in the state, although the last one has none of it', () => {
    const v3: AnyAggregate = { ...total, version: 3, upcasts: { 2: (cents: number) => cents } } as AnyAggregate;
    const [one, two, three] = [shaped(), shaped({ aggregates: { total: v2 } }), shaped({ aggregates: { total: v3 } })];
    const first = firstEpoch(one.plan);
    const epochs = [first, nextEpoch([first], two.plan)];
    expect(effects(two, three)).toEqual(["fine aggregate 'totals.total': sum@2 → sum@3, by its upcast"]);
    expect(effects(two, three, [], epochs)).toContain("refused aggregate 'totals.total': sum@1 → sum@3");
  });

  it('an upcast that is removed, whatever else stays, and says which deployment wrote what it read', () => {
    const without: AnyAggregate = { ...total, version: 2 } as AnyAggregate;
    const [one, two, three] = [
      shaped(),
      shaped({ aggregates: { total: v2 } }),
      shaped({ aggregates: { total: without } }),
    ];
    const first = firstEpoch(one.plan);
    const epochs = [first, nextEpoch([first], two.plan)];
    const { compatible, changes } = comparePlans(two.plan, three.plan, { epochs });
    expect(compatible).toBe(false);
    expect(changes.filter(({ effect }) => effect === 'refused')).toMatchObject([
      {
        what: "aggregate 'totals.total'",
        change: 'sum@1 → sum@2',
        why: 'epoch 1 of the job has stored accumulators of sum@1, and some may still lie there; the new aggregate reads sum@2',
        fix: expect.stringContaining("Give it an upcast for 'sum@1', or put it back."),
      },
    ]);
    // Under another name it begins anew, and needs none.
    const renamed = shaped({ aggregates: { cents: without } });
    expect(comparePlans(two.plan, renamed.plan, { epochs, drop: ['totals.total'] }).compatible).toBe(true);
  });
});

describe('going back to an earlier plan', () => {
  const before = shaped({ second: true });
  const after = shaped({ window: ['m', 'minute'], aggregates: { total, n: count() } });
  const first = firstEpoch(before.plan);
  const second = comparePlans(before.plan, after.plan, { epochs: [first], drop: ['hour', 'hours'] }).next;

  it('takes names back, and drops what came since without being asked', () => {
    const { compatible, changes, next } = comparePlans(after.plan, before.plan, { epochs: [first, second] });
    expect(compatible).toBe(true);
    expect(changes.filter(({ effect }) => effect === 'dropped').map(({ what }) => what)).toEqual([
      "aggregate 'totals.n'",
    ]);
    expect(next).toEqual({ ...first, epoch: 3 });
    const change = layoutChange([first, second, next], 'by-province', 2);
    expect(change?.tables).toEqual([{ table: 0, accumulators: [{ from: 0, type: 'sum@1' }] }]);
  });

  it('does not bring back what was dropped in between', () => {
    const third = nextEpoch([first, second], before.plan);
    const tables = layoutChange([first, second, third], 'by-province', 1)?.tables;
    expect(tables?.map((table) => table?.table)).toEqual([0, undefined]);
  });
});

describe('a comparison as text', () => {
  it('says first what is refused, why, and what to do', () => {
    const text = renderComparison(comparePlans(shaped().plan, shaped({ lateness: 5, filter: true }).plan));
    expect(text.split('\n').slice(0, 4)).toEqual([
      'refused',
      "  window 'minute': allowed lateness 0 ms → allowed lateness 5 s",
      '    because panes that the old lateness has closed are gone, and the new one would begin some of them again',
      '    fix: Put it back, or give the window a new id and drop the old one: it begins with empty panes.',
    ]);
    expect(text).toContain("changed, and goes on\n  filter 'paid': new");
    expect(text.trimEnd().endsWith('the new plan cannot go on')).toBe(true);
  });
});

describe('an upgrade that is refused', () => {
  it('says for each reason what to do', () => {
    const refusal = (after: Shape) => upgradeRefused(comparePlans(shaped().plan, shaped(after).plan).changes);
    expect(refusal({ lateness: 5 }).fix).toMatch(/^Put it back, or give the window a new id/);
    expect(refusal({ lateness: 5, sink: ['rows'] }).fix).toMatch(
      /^For window 'minute': Put it back, .* For sink 'table': If that is what you want, drop 'table'/,
    );
  });
});

describe('renamedFrom', () => {
  it('is refused where an operator still has the id, or two are renamed from it', () => {
    expect(errorOf(() => shaped({ window: ['m', 'totals'] })).message).toContain(
      "'totals' is an operator of the pipeline",
    );
    expect(errorOf(() => shaped({ window: ['m', 'old'], sink: ['s', 'old'] })).message).toContain(
      'is renamed from it already',
    );
  });
});

describe('versions of aggregates', () => {
  it('are whole numbers, and upcasts are named by kind and version', () => {
    const bad = (part: object) =>
      errorOf(() => shaped({ aggregates: { total: { ...total, ...part } as AnyAggregate } })).message;
    expect(bad({ version: 0 })).toContain("option 'version' is 0");
    expect(bad({ kind: 'a@b' })).toContain('without @');
    expect(bad({ upcasts: { 1: 'x' } })).toContain('expected a function');
  });

  it('leave the hash of plans without them as it was', () => {
    expect(shaped({ aggregates: { total: { ...total, version: 1 } } }).plan.hash).toBe(shaped().plan.hash);
    expect(shaped({ aggregates: { total: v2 } }).plan.hash).not.toBe(shaped().plan.hash);
    expect(shaped({ aggregates: { a: total, b: count() } }).plan.hash).not.toBe(
      shaped({ aggregates: { b: count(), a: total } }).plan.hash,
    );
  });
});

describe('a sink goes on with its target alone', () => {
  const of = (sink: Sink<z.infer<typeof Order>>) =>
    definePipeline('p', {}, (p) => p.source('orders', orders()).sink('out', sink));
  const folder = (prefix: string, format: 'jsonl' | 'jsonl.gz' = 'jsonl.gz') =>
    of(s3Sink({ bucket: 'archive', schema: Order, prefix, format }));

  it('whose kind is part of it', () => {
    const queue = of(sqsSink({ queue: 'out', schema: Order }));
    const stream = of(kinesisSink({ stream: 'out', schema: Order, partitionKey: () => 'p' }));
    expect(effects(queue, stream)).toContain("refused sink 'out': queue out → stream out");
    expect(effects(queue, of(sqsSink({ queue: 'out', schema: Order, maxMessageBytes: 2_048 })))).toEqual([]);
  });

  it('which for objects is what they are named like', () => {
    expect(effects(folder('a'), folder('b'))).toContain(
      "refused sink 'out': bucket archive/a/*.jsonl.gz → bucket archive/b/*.jsonl.gz",
    );
    expect(effects(folder('a'), folder('a', 'jsonl'))).toContain(
      "refused sink 'out': bucket archive/a/*.jsonl.gz → bucket archive/a/*.jsonl",
    );
    expect(effects(folder('a'), folder('a/'))).toEqual([]);
  });
});
