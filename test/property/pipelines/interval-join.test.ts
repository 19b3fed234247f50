import fc from 'fast-check';
import {
  boundedOutOfOrderness,
  definePipeline,
  kinesisSink,
  kinesisSource,
  milliseconds,
  type Pipeline,
} from 'millrace';
import { createPipelineTestDriver } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

const Record = z.object({ id: z.int(), key: z.string(), at: z.int() });
type Record = z.infer<typeof Record>;

const out = (stream: string) => kinesisSink({ stream, schema: z.unknown(), partitionKey: () => 'all' });

interface Shape {
  readonly lower: number;
  readonly upper: number;
  readonly bound: number;
  /** Both sides from one source, or one of each. */
  readonly self: boolean;
}

const sourceOf = ({ self }: Shape, side: 'left' | 'right'): string => (self ? 'both' : side);

const pipelineOf = (shape: Shape): Pipeline =>
  definePipeline('random', {}, (p) => {
    const source = (name: string) =>
      p.source(
        name,
        kinesisSource({
          stream: name,
          schema: Record,
          eventTimeMs: (record) => record.at,
          watermarks: boundedOutOfOrderness(milliseconds(shape.bound)),
        }),
      );
    const left = source(sourceOf(shape, 'left'));
    const right = shape.self ? left : source('right');
    const joined = left
      .keyBy('left-key', (record) => record.key)
      .intervalJoin(
        'join',
        right.keyBy('right-key', (record) => record.key),
        { lower: milliseconds(shape.lower), upper: milliseconds(shape.upper) },
      );
    joined.map('pair', ({ key, left: l, right: r }) => `${key} ${l.id}-${r.id}`).sink('out', out('out'));
    joined.lateLeft.map('l', ({ id }) => id).sink('late-left', out('late-left'));
    joined.lateRight.map('r', ({ id }) => id).sink('late-right', out('late-right'));
  });

const isPair = ({ lower, upper }: Shape, left: Record, right: Record): boolean =>
  left.key === right.key && right.at >= left.at + lower && right.at <= left.at + upper;

/** Every left record with every right one. */
const nestedLoops = (shape: Shape, lefts: readonly Record[], rights: readonly Record[]): string[] =>
  lefts.flatMap((left) =>
    rights.flatMap((right) => (isPair(shape, left, right) ? [`${left.key} ${left.id}-${right.id}`] : [])),
  );

const shape = (self: fc.Arbitrary<boolean>): fc.Arbitrary<Shape> =>
  fc
    .record({
      lower: fc.integer({ min: -30, max: 20 }),
      span: fc.constantFrom(0, 1, 2, 7, 30),
      bound: fc.nat(15),
      self,
    })
    .map(({ span, ...rest }) => ({ ...rest, upper: rest.lower + span }));

const key = fc.constantFrom('a', 'b', 'c');
const side = fc.constantFrom('left' as const, 'right' as const);

describe('an interval join', () => {
  it('gives what nested loops over all records give, on any shards, batches and restarts, when nobody breaks the bound', async () => {
    const step = fc.record({
      side,
      shard: fc.nat(2),
      restart: fc.nat(3).map((dice) => dice === 0),
      records: fc.array(fc.record({ key, ahead: fc.nat(9), behind: fc.double({ min: 0, max: 1, noNaN: true }) }), {
        minLength: 1,
        maxLength: 8,
      }),
    });
    await fc.assert(
      fc.asyncProperty(
        shape(fc.boolean()),
        fc.integer({ min: 1, max: 3 }),
        fc.constantFrom(1, 2, 7),
        fc.array(step, { maxLength: 14 }),
        async (of, shards, batchSize, steps) => {
          const t = createPipelineTestDriver(pipelineOf(of), { shards, batchSize });
          const newest = new Map<string, number>();
          const sent = { left: [] as Record[], right: [] as Record[] };
          let id = 0;
          for (const next of steps) {
            const source = sourceOf(of, next.side);
            const place = `${source}/${next.shard % shards}`;
            const batch = next.records.map(({ key: k, ahead, behind }) => {
              const head = (newest.get(place) ?? -20) + ahead;
              newest.set(place, head);
              return { id: id++, key: k, at: head - Math.round(behind * of.bound) };
            });
            if (of.self || next.side === 'left') sent.left.push(...batch);
            if (of.self || next.side === 'right') sent.right.push(...batch);
            await t.send(source, batch, { shard: next.shard % shards });
            if (next.restart) await t.restart();
          }
          await t.endInput();
          expect(t.quarantine()).toEqual([]);
          expect([t.output('late-left'), t.output('late-right')]).toEqual([[], []]);
          expect(t.output<string>('out').toSorted()).toEqual(nestedLoops(of, sent.left, sent.right).toSorted());
        },
      ),
      { numRuns: 200 },
    );
  });

  it('leaves out exactly what is behind the lower of the two watermarks, record by record', async () => {
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ side, key, at: fc.integer({ min: -20, max: 80 }) }) },
      { weight: 1, arbitrary: fc.record({ side, watermark: fc.integer({ min: -20, max: 90 }) }) },
    );
    await fc.assert(
      fc.asyncProperty(shape(fc.constant(false)), fc.array(step, { maxLength: 40, size: 'max' }), async (of, steps) => {
        const t = createPipelineTestDriver(pipelineOf(of));
        const watermarks = { left: Number.NEGATIVE_INFINITY, right: Number.NEGATIVE_INFINITY };
        const onTime = { left: [] as Record[], right: [] as Record[] };
        const late = { left: [] as number[], right: [] as number[] };
        for (const [id, next] of steps.entries()) {
          if ('watermark' in next) {
            await t.advanceWatermark(next.side, next.watermark);
            watermarks[next.side] = Math.max(watermarks[next.side], next.watermark);
            continue;
          }
          const record = { id, key: next.key, at: next.at };
          await t.send(next.side, record);
          if (record.at > Math.min(watermarks.left, watermarks.right)) onTime[next.side].push(record);
          else late[next.side].push(id);
          watermarks[next.side] = Math.max(watermarks[next.side], record.at - of.bound - 1);
        }
        await t.endInput();
        expect(t.output('late-left')).toEqual(late.left);
        expect(t.output('late-right')).toEqual(late.right);
        expect(t.output<string>('out').toSorted()).toEqual(nestedLoops(of, onTime.left, onTime.right).toSorted());
      }),
      { numRuns: 200 },
    );
  });
});
