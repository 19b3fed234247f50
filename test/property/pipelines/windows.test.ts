import fc from 'fast-check';
import {
  boundedOutOfOrderness,
  count,
  definePipeline,
  kinesisSink,
  kinesisSource,
  max,
  maxBy,
  milliseconds,
  min,
  type Pipeline,
  type Stream,
  session,
  sliding,
  sum,
  tumbling,
} from 'millrace';
import { createPipelineTestDriver } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { allWindows, type Fired, inOrder, recordByRecord, type Sent, type WindowKind } from './reference.ts';

const Record = z.object({ key: z.string(), v: z.int(), at: z.int() });
const anything = kinesisSink({ stream: 'out', schema: z.unknown(), partitionKey: () => 'all' });

interface Shape {
  readonly window: WindowKind;
  readonly bound: number;
  readonly lateness: number;
  readonly sources: number;
  /** Aggregated in part before the hop, or every record for itself. */
  readonly combined: boolean;
}

const assignerOf = (window: WindowKind) => {
  if (window.kind === 'session') return session(milliseconds(window.gap));
  const offset = milliseconds(window.offset);
  return window.size === window.slide
    ? tumbling(milliseconds(window.size), { offset })
    : sliding(milliseconds(window.size), milliseconds(window.slide), { offset });
};

const pipelineOf = ({ window, bound, lateness, sources, combined }: Shape): Pipeline =>
  definePipeline('random', {}, (p) => {
    const streams = Array.from({ length: sources }, (_, i) =>
      p.source(
        `source-${i}`,
        kinesisSource({
          stream: `stream-${i}`,
          schema: Record,
          eventTimeMs: (record) => record.at,
          watermarks: boundedOutOfOrderness(milliseconds(bound)),
        }),
      ),
    );
    const [first, ...others] = streams as [Stream<Sent>, ...Stream<Sent>[]];
    const all = others.length === 0 ? first : first.union('all', others[0] as Stream<Sent>);
    const byKey = all.keyBy('by-key', (record) => record.key);
    const windows = byKey.window('window', assignerOf(window), { allowedLateness: milliseconds(lateness) });
    windows
      .aggregate('all-of-it', {
        n: count(),
        sum: sum((record) => record.v),
        min: min((record) => record.v),
        max: max((record) => record.v),
        best: maxBy((record) => record.v, { ties: 'all' }),
      })
      .map(
        'short',
        ({ key, window: { startMs: start, endMs: end }, value }): Fired => ({
          key,
          start,
          end,
          ...value,
          best: value.best.map((record) => record.v),
        }),
      )
      .sink('out', anything);
    windows.late.sink('late', anything);
    // A second window over the same key keeps the first one from being combined before the hop.
    if (!combined)
      byKey
        .window('other', tumbling(milliseconds(7)))
        .aggregate('others', { n: count() })
        .sink('o', anything);
  });

const windowKind: fc.Arbitrary<WindowKind> = fc.oneof(
  fc
    .record({ slide: fc.integer({ min: 1, max: 12 }), times: fc.integer({ min: 0, max: 20 }), offset: fc.nat(11) })
    .map(({ slide, times, offset }) => ({
      kind: 'aligned' as const,
      slide,
      size: slide + times,
      offset: offset % slide,
    })),
  fc.record({ kind: fc.constant('session' as const), gap: fc.integer({ min: 1, max: 12 }) }),
);

const shape = (sources: fc.Arbitrary<number>): fc.Arbitrary<Shape> =>
  fc.record({
    window: windowKind,
    bound: fc.nat(15),
    lateness: fc.constantFrom(0, 0, 5, 20),
    sources,
    combined: fc.boolean(),
  });

const key = fc.constantFrom('a', 'b', 'c');
const value = fc.integer({ min: -2, max: 5 });

describe('windows', () => {
  it('give what a batch over all records gives, on any shards, batches and restarts, when nobody breaks the bound', async () => {
    const step = fc.record({
      source: fc.nat(1),
      shard: fc.nat(2),
      restart: fc.nat(3).map((dice) => dice === 0),
      records: fc.array(
        fc.record({ key, v: value, ahead: fc.nat(9), behind: fc.double({ min: 0, max: 1, noNaN: true }) }),
        {
          minLength: 1,
          maxLength: 8,
        },
      ),
    });
    await fc.assert(
      fc.asyncProperty(
        shape(fc.constantFrom(1, 2)),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(1, 2, 7),
        fc.array(step, { maxLength: 12 }),
        async (of, shards, batchSize, steps) => {
          const t = createPipelineTestDriver(pipelineOf(of), { shards, batchSize });
          const newest = new Map<string, number>();
          const sent: Sent[] = [];
          for (const { source, shard, records, restart } of steps) {
            const from = `source-${source % of.sources}`;
            const place = `${from}/${shard % shards}`;
            const batch = records.map(({ key: k, v, ahead, behind }) => {
              const head = (newest.get(place) ?? -20) + ahead;
              newest.set(place, head);
              return { key: k, v, at: head - Math.round(behind * of.bound) };
            });
            sent.push(...batch);
            await t.send(from, batch, { shard: shard % shards });
            if (restart) await t.restart();
          }
          await t.endInput();
          expect(t.quarantine()).toEqual([]);
          expect(t.output('late')).toEqual([]);
          expect(inOrder(t.output('out'))).toEqual(inOrder(allWindows(of.window, sent)));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('fire, fire again and leave records late exactly when the rules say, record by record', async () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ key, v: value, at: fc.integer({ min: -20, max: 80 }) }) },
      { weight: 1, arbitrary: fc.record({ watermark: fc.integer({ min: -20, max: 90 }) }) },
    );
    await fc.assert(
      fc.asyncProperty(shape(fc.constant(1)), fc.array(step, { maxLength: 40, size: 'max' }), async (of, steps) => {
        const t = createPipelineTestDriver(pipelineOf(of));
        for (const next of steps) {
          if ('watermark' in next) await t.advanceWatermark('source-0', next.watermark);
          else await t.send('source-0', next);
        }
        await t.endInput();
        const expected = recordByRecord(of.window, of.bound, of.lateness, [...steps, { watermark: Infinity }]);
        expect(t.quarantine()).toEqual([]);
        expect(t.output('late')).toEqual(expected.late);
        expect(inOrder(t.output('out'))).toEqual(inOrder(expected.fired));
      }),
      { numRuns: 200 },
    );
  });
});
