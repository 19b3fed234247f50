import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EventSourceMapping } from '../../../lib/local/mapping/event-source-mapping.ts';
import type { LambdaKinesisEvent } from '../../../lib/local/mapping/lambda-event.ts';
import { createRig, middleRandom, numbers } from './mapping-rig.ts';

type Verdict = 'take' | 'throw' | 'report';

const schedules = fc.record({
  batchSize: fc.integer({ min: 1, max: 8 }),
  parallelizationFactor: fc.integer({ min: 1, max: 3 }),
  bisectBatchOnFunctionError: fc.boolean(),
  reportBatchItemFailures: fc.boolean(),
  maximumBatchingWindowMs: fc.constantFrom(0, 300),
  shards: fc.integer({ min: 1, max: 3 }),
  verdicts: fc.array(fc.constantFrom<Verdict>('take', 'throw', 'report'), { maxLength: 40 }),
  steps: fc.array(fc.constantFrom('put', 'split', 'merge', 'wait', 'restart'), { minLength: 1, maxLength: 12 }),
});

describe('under any schedule of failures, reshards and restarts', () => {
  test('each record is taken once, and the records of a key in the order of their puts', async () => {
    await fc.assert(
      fc.asyncProperty(schedules, async ({ shards, verdicts, steps, ...options }) => {
        const { streams, clock, put } = createRig({ shards });
        const verdictsLeft = [...verdicts];
        const taken: string[] = [];
        const mapping = new EventSourceMapping({
          streams,
          clock,
          random: middleRandom,
          options: { ...options, stream: 's', startingPosition: 'TRIM_HORIZON' },
          host: {
            stop: async () => undefined,
            invoke: async (event) => {
              const records = (event as LambdaKinesisEvent).Records;
              const texts = records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString());
              const verdict = verdictsLeft.shift() ?? 'take';
              if (verdict === 'throw') return { ok: false, error: { type: 'Unhandled', message: 'no' } };
              const failsAt =
                verdict === 'report' && options.reportBatchItemFailures ? texts.length >> 1 : texts.length;
              taken.push(...texts.slice(0, failsAt));
              const itemIdentifier = records[failsAt]?.kinesis.sequenceNumber;
              const batchItemFailures = itemIdentifier === undefined ? [] : [{ itemIdentifier }];
              return { ok: true, payload: { batchItemFailures } };
            },
          },
        });
        let count = 0;
        await mapping.start();
        for (const step of steps) {
          const open = (await streams.listShards('s'))
            .filter((shard) => shard.open)
            .sort((a, b) => (a.hashStart < b.hashStart ? -1 : 1));
          const [first, second] = open;
          if (step === 'put') await put(numbers(15, count), (text) => `key-${Number(text) % 5}`);
          if (step === 'put') count += 15;
          if (step === 'split' && first) {
            streams.splitShard('s', first.shardId, (first.hashStart + first.hashEnd) / 2n);
          }
          if (step === 'merge' && first && second) streams.mergeShards('s', first.shardId, second.shardId);
          if (step === 'wait') await clock.advance(250);
          if (step === 'restart') {
            await clock.until(mapping.stop());
            await mapping.start();
          }
        }
        expect(await clock.until(mapping.idle())).toBe(true);
        await clock.until(mapping.stop());
        for (let key = 0; key < 5; key++) {
          const ofKey = (texts: readonly string[]) => texts.filter((text) => Number(text) % 5 === key);
          expect(ofKey(taken)).toEqual(ofKey(numbers(count)));
        }
      }),
      { numRuns: 60 },
    );
  }, 30_000);
});
