import { SplitShardCommand } from '@aws-sdk/client-kinesis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KinesisStreams } from '../../../lib/aws/kinesis-streams.ts';
import { createInlineFunction } from '../../../lib/local/containers/inline-function.ts';
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

  test('a mapping delivers every record once and the keys in order, across a split', async () => {
    const { kinesis } = engines.clients;
    await createStream(kinesis, 'mapped', 2);
    const streams = new KinesisStreams({ client: kinesis });
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
    const put = (from: number, to: number) =>
      streams.putRecords(
        'mapped',
        Array.from({ length: to - from }, (_, i) => ({
          data: Buffer.from(String(from + i)),
          partitionKey: `key-${(from + i) % 7}`,
        })),
      );
    await put(0, 150);
    await mapping.start();
    const shard = (await streams.listShards('mapped'))[0];
    const middle = ((shard?.hashStart ?? 0n) + (shard?.hashEnd ?? 0n)) / 2n;
    await kinesis.send(
      new SplitShardCommand({
        StreamName: 'mapped',
        ShardToSplit: shard?.shardId,
        NewStartingHashKey: String(middle),
      }),
    );
    await createdChildren(streams);
    await put(150, 300);
    expect(await mapping.idle()).toBe(true);
    await mapping.stop();
    for (let key = 0; key < 7; key++) {
      const ofKey = (values: readonly number[]) => values.filter((value) => value % 7 === key);
      expect(ofKey(taken)).toEqual(ofKey(Array.from({ length: 300 }, (_, i) => i)));
    }
    expect(mapping.stats()).toMatchObject({ delivered: 300, retries: 2, discarded: 0 });
  });
});

/** The engine splits in the background. */
const createdChildren = async (streams: KinesisStreams): Promise<void> => {
  for (let tries = 0; tries < 200; tries++) {
    if ((await streams.listShards('mapped')).length === 4) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the stream was not split');
};
