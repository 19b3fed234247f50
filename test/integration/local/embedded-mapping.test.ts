import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KinesisStreams } from '../../../lib/aws/kinesis-streams.ts';
import { createInlineFunction } from '../../../lib/local/containers/inline-function.ts';
import { StreamResharder } from '../../../lib/local/deployment/reshard.ts';
import { createStream } from '../../../lib/local/engines/resources.ts';
import { type Engines, startEngines } from '../../../lib/local/engines/start-engines.ts';
import { EventSourceMapping } from '../../../lib/local/mapping/event-source-mapping.ts';
import type { LambdaKinesisEvent } from '../../../lib/local/mapping/lambda-event.ts';

describe('on the Kinesis engine', () => {
  let engines: Engines;

  beforeAll(async () => {
    engines = await startEngines();
  });

  afterAll(() => engines.stop());

  test('a mapping delivers every record once and the keys in order, across splits, merges and scaling', async () => {
    const { kinesis } = engines.clients;
    await createStream(kinesis, 'mapped', 2);
    const streams = new KinesisStreams({ client: kinesis });
    const resharder = new StreamResharder(kinesis, streams, 'mapped');
    const taken: number[] = [];
    let failuresLeft = 2;
    const host = createInlineFunction<LambdaKinesisEvent>((event) => {
      if (failuresLeft-- > 0) throw new Error('not yet');
      for (const { kinesis: record } of event.Records)
        taken.push(Number(Buffer.from(record.data, 'base64').toString()));
    });
    const mapping = new EventSourceMapping({
      streams,
      host,
      options: { stream: 'mapped', startingPosition: 'TRIM_HORIZON', batchSize: 20, retryBaseDelayMs: 10 },
    });
    let count = 0;
    const putSome = async () => {
      const from = count;
      count += 100;
      await streams.putRecords(
        'mapped',
        Array.from({ length: 100 }, (_, i) => ({
          data: Buffer.from(String(from + i)),
          partitionKey: `key-${(from + i) % 7}`,
        })),
      );
    };
    const open = async () =>
      (await streams.listShards('mapped'))
        .filter((shard) => shard.open)
        .sort((a, b) => (a.hashStart < b.hashStart ? -1 : 1))
        .map(({ shardId }) => shardId) as [string, string];
    await putSome();
    await mapping.start();
    await resharder.split((await open())[0]);
    await putSome();
    await resharder.merge(...((await open()).slice(-2) as [string, string]));
    await putSome();
    // While the mapping is between two listings.
    await mapping.idle();
    await resharder.updateCount(4);
    await putSome();
    await resharder.updateCount(2);
    await putSome();
    expect(await mapping.idle()).toBe(true);
    await mapping.stop();
    for (let key = 0; key < 7; key++) {
      const ofKey = (values: readonly number[]) => values.filter((value) => value % 7 === key);
      expect(ofKey(taken)).toEqual(ofKey(Array.from({ length: count }, (_, i) => i)));
    }
    expect(mapping.stats()).toMatchObject({ delivered: count, retries: 2, discarded: 0 });
  });
});
