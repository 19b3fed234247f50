import {
  count,
  definePipeline,
  kinesisSink,
  type Millis,
  type Pipeline,
  type PipelineScope,
  type Plan,
  renderPlan,
  seconds,
  tumbling,
} from 'millrace';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { comparePlans } from '../../../lib/graph/compare-plans.ts';
import { firstEpoch, nextEpoch } from '../../../lib/graph/layout-plan.ts';
import { layoutChange } from '../../../lib/state/state-layout.ts';
import { errorOf, orders } from '../dsl/fixtures.ts';

const anything = (stream = 'out') => kinesisSink({ stream, schema: z.unknown(), partitionKey: () => 'all' });
const source = (p: PipelineScope, name: string) => p.source(name, orders(undefined, name));
const keyed = (p: PipelineScope, name: string, id = `${name}-key`) => source(p, name).keyBy(id, (order) => order.id);

interface Shape {
  readonly id?: string;
  readonly renamedFrom?: string;
  readonly lower?: Millis;
  readonly upper?: Millis;
  readonly swapped?: boolean;
  readonly reordered?: boolean;
  readonly third?: boolean;
  readonly window?: boolean;
  readonly second?: boolean;
}

const shaped = (shape: Shape = {}): Pipeline => {
  const { id = 'join', renamedFrom, lower = seconds(-5), upper = seconds(10) } = shape;
  const renaming = renamedFrom === undefined ? {} : { renamedFrom };
  return definePipeline('p', {}, (p) => {
    const streams = Object.fromEntries(
      (shape.reordered ? ['b', 'a'] : ['a', 'b']).map((name) => [name, keyed(p, name)]),
    );
    const [a, b] = [streams.a!, streams.b!];
    const [left, right] = shape.swapped ? [b, a] : [a, b];
    if (shape.window)
      a.window('window', tumbling(seconds(1)))
        .aggregate('counts', { n: count() })
        .sink('windows-out', anything('windows'));
    left.intervalJoin(id, right, { lower, upper, ...renaming }).sink('out', anything());
    if (shape.second) a.intervalJoin('other', b, { lower, upper }).sink('other-out', anything('other'));
    if (shape.third) keyed(p, 'c').intervalJoin('third', b, { lower, upper }).sink('third-out', anything('third'));
  });
};

describe('the plan of a join', () => {
  it('has one stage for both sides, named by the keyBy that is defined first', () => {
    const { plan } = shaped();
    expect(plan.stages.map(({ id, outputs }) => [id, outputs])).toEqual(
      [
        ['a', ['a-key']],
        ['a-key', []],
        ['b', ['b-key']],
      ].toSorted(([x], [y]) => order(plan.stages)(x as string) - order(plan.stages)(y as string)),
    );
    expect(plan.stages.at(-1)).toMatchObject({
      id: 'a-key',
      input: { kind: 'repartition', stream: 'p-a-key', edges: ['a-key', 'b-key'] },
      operators: [
        {
          id: 'join',
          kind: 'intervalJoin',
          inputs: ['a-key', 'b-key'],
          detail: { left: 'a-key', right: 'b-key', lowerMs: -5_000, upperMs: 10_000, waiting: 'lists' },
        },
        { id: 'out' },
      ],
    });
    expect(plan.edges).toMatchObject([
      { id: 'a-key', input: 'a', fromStages: ['a'], toStage: 'a-key' },
      { id: 'b-key', input: 'b', fromStages: ['b'], toStage: 'a-key' },
    ]);
  });

  it('has senders before receivers, also where the second stream is made from a stage of its own', () => {
    const { plan } = definePipeline('p', {}, (p) => {
      const a = keyed(p, 'a');
      const counts = keyed(p, 'b')
        .window('window', tumbling(seconds(1)))
        .aggregate('counts', { n: count() })
        .keyBy('counts-key', ({ key }) => key);
      a.intervalJoin('join', counts, { lower: seconds(0), upper: seconds(1) }).sink('out', anything());
    });
    const place = order(plan.stages);
    for (const { fromStages, toStage } of plan.edges)
      for (const from of fromStages) expect(place(from)).toBeLessThan(place(toStage));
    expect(plan.stages.map(({ id }) => id)).toEqual(['a', 'b', 'b-key', 'a-key']);
  });

  it('puts all keyBys that are joined, directly or by way of a third, into one stage', () => {
    const { plan } = shaped({ third: true });
    expect(plan.stages.at(-1)).toMatchObject({ id: 'a-key', input: { edges: ['a-key', 'b-key', 'c-key'] } });
  });

  it('has one edge where a keyed stream is joined with itself', () => {
    const { plan } = definePipeline('p', {}, (p) => {
      const a = keyed(p, 'a');
      a.intervalJoin('join', a, { lower: seconds(0), upper: seconds(1) }).sink('out', anything());
    });
    expect(plan.stages[1]).toMatchObject({ input: { edges: ['a-key'] }, operators: [{ inputs: ['a-key'] }, {}] });
  });

  it('combines nothing before a hop that a join reads', () => {
    const { plan } = shaped({ window: true });
    expect(plan.edges.map(({ combine }) => combine)).toEqual([undefined, undefined]);
  });

  it('shows sides and bounds, and whose late records are read', () => {
    const { plan } = definePipeline('p', {}, (p) => {
      const joined = keyed(p, 'a').intervalJoin('join', keyed(p, 'b'), { lower: seconds(-5), upper: seconds(10) });
      joined.lateRight.sink('late', anything('late'));
      joined.sink('out', anything());
    });
    expect(renderPlan(plan)).toContain(
      [
        'stage a-key · reads repartition stream p-a-key',
        '  intervalJoin  join             ← edge a-key, edge b-key  b-key within -5 s … 10 s of a-key',
        '  late          join.late-right  ← join                    of the right side',
        '  sink          late             ← join.late-right         stream late',
        '  sink          out              ← join                    stream out',
      ].join('\n'),
    );
  });
});

const order =
  (stages: readonly { readonly id: string }[]) =>
  (id: string): number =>
    stages.findIndex((stage) => stage.id === id);

describe('a join is refused', () => {
  const join = (options: object) => () =>
    definePipeline('p', {}, (p) => {
      keyed(p, 'a')
        .intervalJoin('join', keyed(p, 'b'), options as never)
        .sink('out', anything());
    });

  it('where the upper bound is less than the lower one', () => {
    const error = errorOf(join({ lower: seconds(5), upper: seconds(4) }));
    expect(error).toMatchObject({ code: 'INVALID_OPTION', fields: { lower: 5_000, upper: 4_000 } });
    expect(error.message).toContain("operator 'join': lower is 5000 ms and upper 4000 ms");
  });

  it.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, '5', undefined, 36_500 * 86_400_000 + 1, -1e300])(
    'where a bound is %s',
    (bound) => {
      for (const options of [
        { lower: bound, upper: seconds(0) },
        { lower: seconds(0), upper: bound },
      ])
        expect(errorOf(join(options)).code).toBe('INVALID_DURATION');
    },
  );

  it('with options that it does not know', () => {
    const error = errorOf(join({ lower: seconds(0), upper: seconds(1), lateness: seconds(1) }));
    expect(error.message).toContain("there is no option 'lateness'");
  });

  it('where one side has no keys, for callers from JavaScript', () => {
    const [left, right] = [
      () =>
        definePipeline('p', {}, (p) => {
          const unkeyed = source(p, 'a') as unknown as ReturnType<typeof keyed>;
          unkeyed.intervalJoin('join', keyed(p, 'b'), { lower: seconds(0), upper: seconds(1) });
        }),
      () =>
        definePipeline('p', {}, (p) => {
          keyed(p, 'a').intervalJoin('join', source(p, 'b') as never, { lower: seconds(0), upper: seconds(1) });
        }),
    ].map(errorOf);
    for (const error of [left, right]) {
      expect(error?.code).toBe('INVALID_OPTION');
      expect(error?.message).toContain('allowed are two keyed streams');
    }
  });

  it('where the other stream is none, or of another pipeline', () => {
    let other: ReturnType<typeof keyed> | undefined;
    definePipeline('q', {}, (p) => {
      other = keyed(p, 'x');
      other
        .window('w', tumbling(seconds(1)))
        .aggregate('n', { n: count() })
        .sink('s', anything());
    });
    for (const right of [other, undefined, {}])
      expect(
        errorOf(() =>
          definePipeline('p', {}, (p) => {
            keyed(p, 'a').intervalJoin('join', right as never, { lower: seconds(0), upper: seconds(1) });
          }),
        ).code,
      ).toBe('STREAM_OF_ANOTHER_PIPELINE');
  });

  it('where its stage would wait for its own results, and says what to do', () => {
    const circle = (separate: boolean) => () =>
      definePipeline('p', {}, (p) => {
        const all = source(p, 'a');
        const a = all.keyBy('a-key', (order) => order.id);
        const counts = a
          .window('window', tumbling(seconds(1)))
          .aggregate('counts', { n: count() })
          .keyBy('counts-key', ({ key }) => key);
        const left = separate ? all.keyBy('own-key', (order) => order.id) : a;
        left.intervalJoin('join', counts, { lower: seconds(0), upper: seconds(1) }).sink('out', anything());
      });
    const error = errorOf(circle(false));
    expect(error.code).toBe('INVALID_OPTION');
    expect(error.message).toContain("operator 'join': it joins streams of which one is made from the other");
    expect(error.fix).toContain("a keyBy of its own on the stream that 'a-key' or 'counts-key' has");
    expect(circle(true)().plan.stages).toHaveLength(3);
  });
});

describe('a plan with a join', () => {
  const effects = (before: Shape, after: Shape, drop: readonly string[] = []) =>
    comparePlans(shaped(before).plan, shaped(after).plan, { drop }).changes.map(
      ({ effect, what, change }) => `${effect} ${what}: ${change}`,
    );

  it.each<[string, Shape, string[]]>([
    ['another name for it', { id: 'j', renamedFrom: 'join' }, ["fine join 'j': renamed from 'join'"]],
    ['another join of the same streams', { second: true }, ["added join 'other': new", "added sink 'other-out': new"]],
  ])('goes on with %s', (_name, after, changes) => {
    expect(effects({}, after)).toEqual(changes);
  });

  it('goes on with what an early release has stored, an entry a record, and says so', () => {
    const now = shaped().plan;
    const then = structuredClone({ ...now, hash: 'early' }) as unknown as {
      stages: { operators: { detail: { waiting?: string } }[] }[];
    };
    for (const stage of then.stages) for (const { detail } of stage.operators) delete detail.waiting;
    const { compatible, changes } = comparePlans(then as unknown as Plan, now);
    expect(compatible).toBe(true);
    expect(changes).toMatchObject([{ effect: 'fine', what: "join 'join'" }]);
    const wider = shaped({ upper: seconds(11) }).plan;
    expect(comparePlans(then as unknown as Plan, wider).compatible).toBe(false);
  });

  it.each<[string, Shape, string]>([
    [
      'other bounds',
      { upper: seconds(11) },
      "refused join 'join': b-key within -5 s … 10 s of a-key → b-key within -5 s … 11 s of a-key",
    ],
    [
      'exchanged sides',
      { swapped: true },
      "refused join 'join': b-key within -5 s … 10 s of a-key → a-key within -5 s … 10 s of b-key",
    ],
    ['a third stream', { third: true }, "refused stage 'a-key': takes 'a-key, b-key' → 'a-key, b-key, c-key'"],
    ['another order of its keyBys', { reordered: true }, "refused stage 'a-key': removed"],
    ['another id for it', { id: 'j' }, "refused join 'join': removed"],
  ])('is refused for %s', (_name, after, change) => {
    expect(effects({}, after)).toContain(change);
  });

  it('is refused for an order of keyBys that changes places only', () => {
    const three = (names: readonly string[]) =>
      definePipeline('p', {}, (p) => {
        const a = keyed(p, 'a');
        const [b, c] = ['b', 'c'].map((name) => source(p, name));
        const right = new Map(
          names.map((name) => [name, (name === 'b' ? b! : c!).keyBy(`${name}-key`, ({ id }) => id)]),
        );
        for (const name of ['b', 'c'])
          a.intervalJoin(`with-${name}`, right.get(name)!, { lower: seconds(0), upper: seconds(1) }).sink(
            `${name}-out`,
            anything(name),
          );
      }).plan;
    expect(comparePlans(three(['b', 'c']), three(['c', 'b'])).changes).toMatchObject([
      { effect: 'refused', what: "stage 'a-key'", change: "takes 'a-key, b-key, c-key' → 'a-key, c-key, b-key'" },
    ]);
  });

  it('begins anew where a join gives way to one of another id', () => {
    expect(effects({}, { id: 'wider', upper: seconds(99) }, ['join'])).toEqual([
      "dropped join 'join': removed",
      "added join 'wider': new",
    ]);
  });

  it('does not take a window for a join of the same id', () => {
    const windowed = definePipeline('p', {}, (p) => {
      const [a, b] = ['a', 'b'].map((name) => keyed(p, name));
      a!
        .window('join', tumbling(seconds(1)))
        .aggregate('counts', { n: count() })
        .sink('out', anything());
      a!.intervalJoin('other', b!, { lower: seconds(0), upper: seconds(1) }).sink('other-out', anything('other'));
    });
    expect(comparePlans(shaped({ second: true }).plan, windowed.plan).changes).toContainEqual(
      expect.objectContaining({ effect: 'refused', what: "window 'join'" }),
    );
  });

  it('lays out its tables in the order of definition, whatever arrives by which hop', () => {
    const [before, after] = [shaped({ second: true }), shaped({ second: true, window: true })];
    const first = firstEpoch(before.plan);
    const second = nextEpoch([first], after.plan);
    expect(first.layout['a-key']).toMatchObject({
      tables: [
        {
          id: 'join',
          state: 'join@1',
          join: { left: 'a-key', right: 'b-key', lowerMs: -5_000, upperMs: 10_000 },
          accumulators: [],
        },
        { id: 'other', state: 'other@1' },
      ],
    });
    expect(layoutChange([first, second], 'a-key', 1)?.tables.map((table) => table?.table)).toEqual([1, 2]);
  });
});
