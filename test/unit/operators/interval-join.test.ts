import {
  boundedOutOfOrderness,
  definePipeline,
  type JoinedStream,
  type KeyedStream,
  kinesisSource,
  type Millis,
  milliseconds,
  type Pipeline,
  type PipelineScope,
  seconds,
  sum,
  tumbling,
} from 'millrace';
import { createPipelineTestDriver, type PipelineTestDriverOptions } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { JoinSide } from '../../../lib/graph/logical-graph.ts';
import { ComputeSession } from '../../../lib/operators/compute-session.ts';
import { compileIntervalJoin, type JoinProgram } from '../../../lib/operators/interval-join.ts';
import { KeyedState } from '../../../lib/state/keyed-state.ts';
import { MIN_WATERMARK_MS } from '../../../lib/time/watermark-strategy.ts';
import { anything, at, type Event, events, of } from './fixtures.ts';

type Pairs = JoinedStream<Event['key'], Event, Event>;

/** `a` and `b`, two sources whose watermarks stay one millisecond behind, keyed; and what is done with their pairs. */
const joinOf = (
  lower: Millis,
  upper: Millis,
  use: (pairs: Pairs) => void = (pairs) => {
    pairs.map('short', short).sink('out', anything());
    pairs.lateLeft.map('l', (event) => event.v).sink('late-left', anything());
    pairs.lateRight.map('r', (event) => event.v).sink('late-right', anything());
  },
): Pipeline =>
  definePipeline('joins', {}, (p) => use(keyed(p, 'a').intervalJoin('join', keyed(p, 'b'), { lower, upper })));

const keyed = (p: PipelineScope, name: string): KeyedStream<Event['key'], Event> =>
  p.source(name, events(name)).keyBy(`${name}-by-key`, (event) => event.key);

const short = ({ key, left, right }: { key: unknown; left: Event; right: Event }) => `${key} ${left.v}-${right.v}`;

const driver = (lower: number, upper: number, options: PipelineTestDriverOptions = {}) =>
  createPipelineTestDriver(joinOf(milliseconds(lower), milliseconds(upper)), options);

describe('an interval join', () => {
  it('pairs records of one key whose right one is within the bounds, both included', async () => {
    const t = driver(-10, 20);
    await t.send('a', at(1_000, 1));
    await t.send('b', [at(989, 1), at(990, 2), at(1_000, 3), at(1_020, 4), at(1_021, 5), of('b', 1_000, 6)]);
    await t.endInput();
    expect(t.output('out')).toEqual(['a 1-2', 'a 1-3', 'a 1-4']);
    expect(t.output('late-right')).toEqual([]);
  });

  it('finds a pair whichever of the two comes first', async () => {
    const t = driver(-10, 20);
    await t.send('b', [at(989, 1), at(990, 2), at(1_020, 3), at(1_021, 4)]);
    await t.send('a', at(1_000, 9));
    expect(t.output('out')).toEqual(['a 9-2', 'a 9-3']);
  });

  it('gives a pair out once, when its second record is there, and a record without a counterpart never', async () => {
    const t = driver(0, 100);
    await t.send('a', [at(0, 1), of('alone', 0, 2)]);
    expect(t.output('out')).toEqual([]);
    await t.send('b', at(50, 3));
    expect(t.output('out')).toEqual(['a 1-3']);
    await t.endInput();
    expect(t.output('out')).toEqual(['a 1-3']);
  });

  it('takes two equal records of a key and time for two', async () => {
    const t = driver(0, 0);
    await t.send('a', [at(5, 1), at(5, 1)]);
    await t.send('b', [at(5, 2), at(5, 2), at(5, 2)]);
    expect(t.output('out')).toEqual(Array.from({ length: 6 }, () => 'a 1-2'));
  });

  it.each([
    { name: 'before', lower: -30, upper: -10, right: [968, 969, 970, 990, 991], found: [970, 990] },
    { name: 'after', lower: 10, upper: 30, right: [1_009, 1_010, 1_030, 1_031], found: [1_010, 1_030] },
    { name: 'at one millisecond after', lower: 7, upper: 7, right: [1_006, 1_007, 1_008], found: [1_007] },
  ])('looks for counterparts $name the left record', async ({ lower, upper, right, found }) => {
    for (const isLeftFirst of [true, false]) {
      const t = driver(lower, upper);
      const sendLeft = () => t.send('a', at(1_000, 1));
      if (isLeftFirst) await sendLeft();
      for (const ms of right) await t.send('b', at(ms, ms));
      if (!isLeftFirst) await sendLeft();
      expect(t.output('out')).toEqual(found.map((ms) => `a 1-${ms}`));
    }
  });

  it('knows event times before 1970', async () => {
    const t = driver(-10, 10);
    await t.send('a', [at(-25, 1), at(-5, 2)]);
    await t.send('b', [at(-36, 1), at(-35, 2), at(-15, 3), at(5, 4), at(6, 5)]);
    expect(t.output<string>('out').toSorted()).toEqual(['a 1-2', 'a 1-3', 'a 2-3', 'a 2-4']);
  });

  it('finds all of very many records of one key and bucket', async () => {
    const t = driver(0, 1_000, { batchSize: 100 });
    const many = Array.from({ length: 300 }, (_, i) => i);
    await t.send(
      'a',
      many.map((i) => at(1_000, i)),
    );
    await t.send('b', at(1_500, 7));
    expect(t.output('out')).toEqual(many.map((i) => `a ${i}-7`));
  });

  it('puts a pair at the later of its two times, before the watermark that follows', async () => {
    const t = createPipelineTestDriver(
      joinOf(seconds(-20), seconds(20), (pairs) => {
        const sums = pairs
          .keyBy('by-key', ({ key }) => key)
          .window('tens', tumbling(seconds(10)))
          .aggregate('sums', { v: sum(({ right }) => right.v) });
        sums
          .map('row', ({ key, window, value }) => `${key} ${window.startMs / 1_000}: ${value.v}`)
          .sink('out', anything());
      }),
    );
    await t.send('a', [at(5_000), at(25_000)]);
    await t.send('b', [at(12_000, 1), at(31_000, 10)]);
    await t.endInput();
    // 5 with 12 at 12, 25 with 12 at 25, 25 with 31 at 31.
    expect(t.output('out')).toEqual(['a 10: 1', 'a 20: 1', 'a 30: 10']);
  });
});

describe('records behind the watermark', () => {
  it('are late on their side, as they were, and joined with nothing', async () => {
    const t = driver(-100, 100);
    await t.send('a', at(1_000, 1));
    await t.send('b', at(1_000, 2));
    // The watermark of both is 999 now.
    await t.send('a', [at(999, 3), at(1_000, 4)]);
    await t.send('b', [at(999, 5), at(1_000, 6)]);
    expect(t.output('out')).toEqual(['a 1-2', 'a 4-2', 'a 1-6', 'a 4-6']);
    expect(t.output('late-left')).toEqual([3]);
    expect(t.output('late-right')).toEqual([5]);
  });

  it('are late by the lower of the two watermarks', async () => {
    const t = driver(-100, 100);
    await t.send('a', at(5_000, 1));
    await t.send('a', at(10, 2));
    await t.send('b', at(20, 3));
    expect(t.output('out')).toEqual(['a 2-3']);
    expect(t.output('late-left')).toEqual([]);
  });

  it('are dropped where nobody reads them', async () => {
    const t = createPipelineTestDriver(
      joinOf(seconds(0), seconds(1), (pairs) => pairs.map('short', short).sink('out', anything())),
    );
    await t.endInput();
    await t.send('a', at(0, 1));
    expect(t.output('out')).toEqual([]);
    expect(t.quarantine()).toEqual([]);
  });
});

/** A join by itself, over the state of one partition that is committed after each call. */
class Bench {
  readonly join: JoinProgram;
  readonly keyed: KeyedState;
  readonly pairs: string[] = [];
  /** What a function behind the join throws on. */
  poison = '';
  #n = 0;

  constructor(lowerMs: number, upperMs: number) {
    const late = () => {
      this.pairs.push('late');
    };
    const input = { late, decode: (stored: unknown) => stored };
    this.join = compileIntervalJoin(
      { id: 'join', kind: 'intervalJoin', left: 'a', right: 'b', lowerMs, upperMs, renamedFrom: undefined },
      { left: input, right: input },
      (_session, pair, eventTimeMs) => {
        const { left, right } = pair as { left: string; right: string };
        if (left === this.poison || right === this.poison) throw new Error('poison');
        // Of long values their beginning.
        this.pairs.push(`${left.slice(0, 10)}-${right.slice(0, 10)} at ${eventTimeMs}`);
      },
      0,
    );
    this.keyed = new KeyedState([this.join.table]);
  }

  get entries(): string[] {
    return [...(this.keyed.partition(0).tables[0]?.keys() ?? [])];
  }

  get stored(): unknown[] {
    return [...(this.keyed.partition(0).tables[0]?.values() ?? [])];
  }

  send(side: JoinSide, eventTimeMs: number, watermarkMs = MIN_WATERMARK_MS): this {
    return this.together([[side, eventTimeMs]], watermarkMs);
  }

  /** Records in one commit. One whose pair throws is undone. */
  together(
    records: readonly (readonly [sides: JoinSide | 'both', eventTimeMs: number, value?: string])[],
    watermarkMs = MIN_WATERMARK_MS,
  ): this {
    return this.#commit(watermarkMs, (session) => {
      for (const [sides, eventTimeMs, value = `${sides}${eventTimeMs}`] of records) {
        const [before, pairs] = [session.state.bytes, this.pairs.length];
        session.begin();
        try {
          for (const side of sides === 'both' ? (['left', 'right'] as const) : [sides])
            this.join.onRecord(session, side, { key: 'k', keyJson: '"k"', eventTimeMs, value, stored: value });
        } catch {
          session.rollback();
          this.pairs.length = pairs;
          expect(session.state.bytes).toBe(before);
        }
      }
    });
  }

  /** What an early release has stored. */
  put(entries: Readonly<Record<string, unknown>>): this {
    const changes = Object.entries(entries).map(([key, value]) => ({ lp: 0, table: 0, key, value }));
    this.keyed.apply(++this.#n, changes);
    return this;
  }

  /** As when a function behind the join throws: nothing of it is committed. */
  undone(side: JoinSide, eventTimeMs: number): this {
    const session = new ComputeSession(this.keyed, MIN_WATERMARK_MS);
    session.lp = 0;
    this.join.onRecord(session, side, { key: 'k', keyJson: '"k"', eventTimeMs, value: 0, stored: 0 });
    return this;
  }

  advance(watermarkMs: number): this {
    return this.#commit(watermarkMs, (session) => {
      for (const { key } of this.keyed.partition(0).due(watermarkMs)) this.join.onTimer(session, key, watermarkMs);
    });
  }

  #commit(watermarkMs: number, run: (session: ComputeSession) => void): this {
    const session = new ComputeSession(this.keyed, watermarkMs);
    session.lp = 0;
    run(session);
    this.keyed.apply(++this.#n, session.state.changes());
    return this;
  }
}

describe('what waits in state', () => {
  it('is an entry for what a commit adds to a side and bucket of a key, named by them and a number', () => {
    const bench = new Bench(-10, 29)
      .together([
        ['left', 105],
        ['left', 101],
        ['right', 119],
        ['left', 105],
        ['left', 120],
      ])
      .send('left', 102);
    expect(bench.entries).toEqual(['0|100|0|"k"', '1|100|0|"k"', '0|120|0|"k"', '0|100|1|"k"']);
    expect(bench.stored).toEqual([
      [0, [105, 101, 105], ['left105', 'left101', 'left105']],
      [1, [119], ['right119']],
      [0, [120], ['left120']],
      [0, [102], ['left102']],
    ]);
  });

  it('is found by what comes in the same commit, and in later ones', () => {
    const bench = new Bench(-10, 29).together([
      ['right', 100],
      ['left', 100],
      ['left', 101],
      ['right', 102],
    ]);
    const found = ['left100-right100 at 100', 'left101-right100 at 101', 'left100-right102 at 102'];
    expect(bench.pairs).toEqual([...found, 'left101-right102 at 102']);
    bench.pairs.length = 0;
    bench.together([
      ['right', 103],
      ['left', 104],
    ]);
    expect(bench.pairs).toEqual([
      ...['left100-right103 at 103', 'left101-right103 at 103'],
      ...['left104-right100 at 104', 'left104-right102 at 104', 'left104-right103 at 104'],
    ]);
  });

  it('has no gap where a record was undone', () => {
    const bench = new Bench(-10, 29).undone('left', 100).send('left', 105).undone('left', 106).send('left', 107);
    expect(bench.entries).toEqual(['0|100|0|"k"', '0|100|1|"k"']);
  });

  it('has nothing of a record that is undone, be it the first of its entry or a later one', () => {
    const bench = new Bench(-10, 29);
    bench.poison = 'poison';
    bench.together([
      ['both', 100, 'poison'],
      ['right', 101],
      ['both', 102, 'poison'],
      ['both', 103],
      ['both', 104, 'poison'],
      ['left', 105],
    ]);
    expect(bench.entries).toEqual(['1|100|0|"k"', '0|100|0|"k"']);
    expect(bench.stored).toEqual([
      [1, [101, 103], ['right101', 'both103']],
      [0, [103, 105], ['both103', 'left105']],
    ]);
    expect(bench.pairs).toEqual([
      ...['both103-right101 at 103', 'both103-both103 at 103'],
      ...['left105-right101 at 105', 'left105-both103 at 105'],
    ]);
  });

  it('has nothing of a record that is undone when it was added to what others had begun', () => {
    const bench = new Bench(-10, 29);
    bench.poison = 'poison';
    bench.together([
      ['left', 105],
      ['both', 110, 'poison'],
      ['left', 115],
      ['right', 118],
    ]);
    expect(bench.stored).toEqual([
      [0, [105, 115], ['left105', 'left115']],
      [1, [118], ['right118']],
    ]);
    expect(bench.pairs).toEqual(['left105-right118 at 118', 'left115-right118 at 118']);
  });

  it('is more than one entry where a commit keeps very much of a key', () => {
    const long = 'x'.repeat(100 * 1024);
    const bench = new Bench(-10, 29).together(
      Array.from({ length: 7 }, (_, i) => ['left', 100 + i, `left${100 + i} ${long}`] as const),
    );
    expect(bench.stored.map((value) => (value as [0, number[]])[1])).toEqual([[100, 101, 102], [103, 104, 105], [106]]);
    expect(bench.entries).toEqual(['0|100|0|"k"', '0|100|1|"k"', '0|100|2|"k"']);
    bench.together([
      ['right', 110],
      ['left', 110],
    ]);
    expect(bench.pairs.map((pair) => pair.slice(0, 7))).toEqual([
      ...[100, 101, 102, 103, 104, 105, 106].map((ms) => `left${ms}`),
      'left110',
    ]);
    expect(bench.entries.at(-1)).toBe('0|100|3|"k"');
  });

  it('may have been stored by an early release, an entry a record, and is read on', () => {
    const early = { '0|100|0|"k"': [0, 'k', 101, 'early101'], '0|100|1|"k"': [0, 'k', 119, 'early119'] };
    const bench = new Bench(-10, 29).put(early).together([
      ['left', 105],
      ['right', 119],
    ]);
    expect(bench.pairs).toEqual(['early101-right119 at 119', 'early119-right119 at 119', 'left105-right119 at 119']);
    expect(bench.entries).toEqual(['0|100|0|"k"', '0|100|1|"k"', '0|100|2|"k"', '1|100|0|"k"']);
    bench.advance(119 + 29);
    expect(bench.entries).toEqual([]);
  });

  it.each([
    { lower: -10, upper: 29 },
    { lower: 5, upper: 44 },
    { lower: -44, upper: -5 },
    { lower: 0, upper: 0 },
  ])('stays while a counterpart may come, and no longer than its bucket: $lower … $upper', ({ lower, upper }) => {
    const bucketMs = Math.ceil((upper - lower + 1) / 2);
    for (const side of ['left', 'right'] as const) {
      const reach = side === 'left' ? upper : -lower;
      for (let at = 1_000; at < 1_000 + bucketMs; at++) {
        const bench = new Bench(lower, upper).send(side, at);
        bench.advance(at + reach - 1);
        expect(bench.entries).toHaveLength(1);
        bench.advance(at + reach + bucketMs - 1);
        expect(bench.entries).toEqual([]);
      }
    }
  });

  it('is let go with all of its bucket, so that those after it are found', () => {
    const bench = new Bench(-10, 29).send('left', 100).send('left', 119).advance(129);
    expect(bench.entries).toHaveLength(2);
    bench.send('right', 148, 129).send('left', 118, 110).send('right', 147, 129);
    expect(bench.pairs).toEqual(['left119-right148 at 148', 'left119-right147 at 147', 'left118-right147 at 147']);
  });

  it('is not even kept where no counterpart can come any more', () => {
    expect(new Bench(-10, -5).send('left', 100, 94).entries).toHaveLength(1);
    expect(new Bench(-10, -5).send('left', 100, 95).entries).toEqual([]);
    expect(new Bench(0, 10).send('right', 100, 99).entries).toHaveLength(1);
    expect(new Bench(5, 10).send('right', 100, 95).entries).toEqual([]);
  });

  it('is complete for every record that is not late', () => {
    const bench = new Bench(-10, 10).send('left', 100).send('right', 95).advance(104);
    bench.send('right', 110, 104).send('left', 105, 104).send('left', 104, 104);
    expect(bench.pairs).toEqual([
      'left100-right95 at 100',
      'left100-right110 at 110',
      'left105-right95 at 105',
      'left105-right110 at 110',
      'late',
    ]);
  });
});

describe('the timers and names of entries', () => {
  const { table } = new Bench(-10, 29).join;

  it('come when the last counterpart of a bucket of 20 ms is past', () => {
    for (const ms of [100, 119]) {
      for (const [left, right] of [
        [
          [0, [ms, 110], [{}, {}]],
          [1, [ms, 110], [{}, {}]],
        ],
        [
          [0, 'k', ms, {}],
          [1, 'k', ms, {}],
        ],
      ] as const) {
        expect(table.timerMs(left)).toBe(119 + 29);
        expect(table.timerMs(right)).toBe(119 + 10);
      }
    }
    expect(table.timerMs([0, [-1], [{}]])).toBe(-1 + 29);
  });

  it('say the key, whatever is in it', () => {
    for (const key of ['"a|b"', '1', 'true', '"0|1"'])
      for (const entry of [`0|100|0|${key}`, `1|-20|12|${key}`]) expect(table.keyTextOf?.(entry)).toBe(key);
  });
});

const Stamped = z.object({
  key: z.string(),
  at: z.codec(z.iso.datetime(), z.date(), {
    decode: (text) => new Date(text),
    encode: (date) => date.toISOString(),
  }),
});

describe('values', () => {
  it('that JSON does not hold wait, and cross further hops, as their schemas say', async () => {
    const source = (stream: string) =>
      kinesisSource({
        stream,
        schema: Stamped,
        eventTimeMs: (record) => record.at.getTime(),
        watermarks: boundedOutOfOrderness(seconds(0)),
      });
    const pipeline = definePipeline('dates', {}, (p) => {
      const [a, b] = ['a', 'b'].map((name) => p.source(name, source(name)).keyBy(`${name}-key`, ({ key }) => key));
      a?.intervalJoin('join', b as NonNullable<typeof b>, { lower: seconds(0), upper: seconds(1) })
        .keyBy('again', ({ key }) => key)
        .window('second', tumbling(seconds(1)))
        .aggregate('gap', { ms: sum(({ left, right }) => right.at.getTime() - left.at.getTime()) })
        .map('row', ({ value }) => value.ms)
        .sink('out', anything());
    });
    const t = createPipelineTestDriver(pipeline);
    await t.send('a', { key: 'k', at: '2026-01-01T00:00:00.100Z' });
    await t.restart();
    await t.send('b', { key: 'k', at: '2026-01-01T00:00:00.350Z' });
    await t.endInput();
    expect(t.quarantine()).toEqual([]);
    expect(t.output('out')).toEqual([250]);
  });
});

describe('a stream joined with itself', () => {
  const pairs = async (define: (p: PipelineScope) => Pairs) => {
    const t = createPipelineTestDriver(
      definePipeline('self', {}, (p) => define(p).map('short', short).sink('out', anything())),
    );
    await t.send('a', [at(0, 1), at(5, 2), at(20, 3)]);
    await t.endInput();
    return t.output<string>('out').toSorted();
  };
  const bounds = { lower: milliseconds(0), upper: milliseconds(10) };

  it('gives a record with itself, too, by one keyBy or by two', async () => {
    const wanted = ['a 1-1', 'a 1-2', 'a 2-2', 'a 3-3'];
    const byOne = (p: PipelineScope) => {
      const one = keyed(p, 'a');
      return one.intervalJoin('join', one, bounds);
    };
    const byTwo = (p: PipelineScope) => {
      const source = p.source('a', events('a'));
      const [left, right] = ['left', 'right'].map((id) => source.keyBy(id, (event) => event.key));
      return left!.intervalJoin('join', right!, bounds);
    };
    expect(await pairs(byOne)).toEqual(wanted);
    expect(await pairs(byTwo)).toEqual(wanted);
  });
});

it('windows and several joins over the same keyed streams share their stage', async () => {
  const pipeline = definePipeline('shared', {}, (p) => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => keyed(p, name));
    const bounds = { lower: milliseconds(-10), upper: milliseconds(10) };
    a!.intervalJoin('a-b', b!, bounds).map('ab', short).sink('out-ab', anything());
    c!.intervalJoin('c-b', b!, bounds).map('cb', short).sink('out-cb', anything());
    b!
      .window('window', tumbling(milliseconds(100)))
      .aggregate('sums', { v: sum((event) => event.v) })
      .map('v', ({ value }) => value.v)
      .sink('out-sums', anything());
  });
  expect(pipeline.plan.stages.map(({ id }) => id)).toEqual(['a', 'a-by-key', 'b', 'c'].toSorted(byOrder(pipeline)));
  const t = createPipelineTestDriver(pipeline);
  await t.send('a', at(0, 1));
  await t.send('b', [at(5, 2), at(7, 3)]);
  await t.send('c', at(12, 4));
  await t.endInput();
  expect(t.output('out-ab')).toEqual(['a 1-2', 'a 1-3']);
  expect(t.output('out-cb')).toEqual(['a 4-2', 'a 4-3']);
  expect(t.output('out-sums')).toEqual([5]);
});

/** Senders before receivers. */
const byOrder =
  ({ plan }: Pipeline) =>
  (x: string, y: string): number =>
    plan.stages.findIndex(({ id }) => id === x) - plan.stages.findIndex(({ id }) => id === y);

describe('a record that is rejected behind the join', () => {
  it('leaves no pair and does not wait, and comes back whole when it is redriven', async () => {
    let isBroken = true;
    const t = createPipelineTestDriver(
      joinOf(milliseconds(-10), milliseconds(10), (pairs) =>
        pairs
          .map('picky', (pair) => {
            if (isBroken && pair.left.v === 2) throw new Error('broken');
            return short(pair);
          })
          .sink('out', anything()),
      ),
    );
    await t.send('a', [at(0, 1), at(0, 2)]);
    await t.send('b', at(0, 7));
    expect(t.output('out')).toEqual([]);
    expect(t.quarantine()).toMatchObject([{ code: 'USER_CODE', operator: 'picky', kind: 'row' }]);
    isBroken = false;
    expect(await t.redrive()).toMatchObject({ redriven: 1, rejected: 0 });
    expect(t.output('out')).toEqual(['a 1-7', 'a 2-7']);
    await t.send('a', at(3, 3));
    expect(t.output('out')).toEqual(['a 1-7', 'a 2-7', 'a 3-7']);
  });

  it('waits with all that follows of its key where keys are parked, and has all its pairs after the redrive', async () => {
    const fault = { isThere: true };
    const t = createPipelineTestDriver(
      definePipeline('parks', { quarantine: { maxFraction: 1, afterRejection: 'park-key' } }, (p) => {
        keyed(p, 'a')
          .intervalJoin('join', keyed(p, 'b'), { lower: milliseconds(-10), upper: milliseconds(10) })
          .map('picky', (pair) => {
            if (fault.isThere && pair.left.v === 13) throw new Error('unlucky');
            return short(pair);
          })
          .sink('out', anything());
      }),
      { batchSize: 1 },
    );
    await t.send('a', [at(0, 1), of('b', 0, 1)]);
    await t.send('b', [at(0, 7), of('b', 0, 7)]);
    await t.send('a', at(5, 13));
    await t.send('b', [at(6, 8), of('b', 6, 8)]);
    await t.send('a', at(200));
    await t.send('b', at(200));
    // All that was stored is past its time by now; what waits is not.
    expect(t.output('out')).toEqual(['a 1-7', 'b 1-7', 'b 1-8']);
    fault.isThere = false;
    await t.redrive();
    expect(t.output<string>('out').toSorted()).toEqual([
      'a 0-0',
      'a 1-7',
      'a 1-8',
      'a 13-7',
      'a 13-8',
      'b 1-7',
      'b 1-8',
    ]);
  });
});
