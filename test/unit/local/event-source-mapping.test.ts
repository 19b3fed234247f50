import { describe, expect, test } from 'vitest';
import { EventSourceMapping } from '../../../lib/local/mapping/event-source-mapping.ts';
import { turns } from './manual-clock.ts';
import { createRig, numbers } from './mapping-rig.ts';

describe('batches', () => {
  test('hold at most batchSize records and every record once, in order', async () => {
    const { mapping, batches, put } = createRig({ batchSize: 7 });
    await put(numbers(25));
    await mapping.start();
    expect(await mapping.idle()).toBe(true);
    expect(batches.map(({ length }) => length)).toEqual([7, 7, 7, 4]);
    expect(batches.flat()).toEqual(numbers(25));
    expect(mapping.stats()).toMatchObject({ delivered: 25, invocations: 4, retries: 0, discarded: 0, inFlight: 0 });
  });

  test('stay under the payload limit with base64 counted', async () => {
    const { mapping, batches, put } = createRig({ batchSize: 10_000 }, (_texts, event) => {
      expect(Buffer.byteLength(JSON.stringify(event))).toBeLessThanOrEqual(6 * 1024 * 1024);
    });
    await put(Array.from({ length: 10 }, () => 'x'.repeat(1_000_000)));
    await mapping.start();
    await mapping.idle();
    // 1 MB is 1.33 MB in base64: four fit, although six of the records themselves would.
    expect(batches.map(({ length }) => length)).toEqual([4, 4, 2]);
    expect(mapping.stats().failures).toBe(0);
  });

  test('of one shard are never under way together', async () => {
    let underWay = 0;
    const { mapping, put } = createRig({ batchSize: 2 }, async () => {
      expect(++underWay).toBe(1);
      await turns(2);
      underWay--;
    });
    await put(numbers(10));
    await mapping.start();
    await mapping.idle();
    expect(mapping.stats()).toMatchObject({ delivered: 10, failures: 0 });
  });

  test('of different shards go on while one shard is blocked', async () => {
    const { mapping, streams, batches, clock } = createRig({ shards: 2 }, (texts) => {
      if (texts.includes('poison')) throw new Error('no');
    });
    const [low, high] = await streams.listShards('s');
    const entry = (text: string, shard = low) => ({
      data: Buffer.from(text),
      partitionKey: 'k',
      explicitHashKey: String(shard?.hashStart),
    });
    await streams.putRecords('s', [entry('poison'), entry('a', high)]);
    await mapping.start();
    await clock.advance(1_000);
    await streams.putRecords('s', [entry('b', high)]);
    await clock.advance(1_000);
    expect(batches.filter(([text]) => text !== 'poison')).toEqual([['a'], ['b']]);
    expect(batches.filter(([text]) => text === 'poison').length).toBeGreaterThan(2);
  });

  test('are invoked at once without a batching window', async () => {
    const { mapping, batches, put, clock } = createRig({ pollIntervalMs: 100 });
    await mapping.start();
    await turns();
    await put(['a']);
    await clock.advance(100);
    expect(batches).toEqual([['a']]);
  });

  test('wait for the batching window, or until they are full', async () => {
    const { mapping, batches, put, clock } = createRig({
      batchSize: 3,
      maximumBatchingWindowMs: 5_000,
      pollIntervalMs: 100,
    });
    await mapping.start();
    await turns();
    await put(['a']);
    await clock.advance(2_000);
    await put(['b']);
    await clock.advance(2_900);
    expect(batches).toEqual([]);
    await clock.advance(200);
    expect(batches).toEqual([['a', 'b']]);
    await put(['c', 'd', 'e', 'f']);
    await clock.advance(100);
    expect(batches.slice(1)).toEqual([['c', 'd', 'e']]);
    await clock.advance(5_000);
    expect(batches.slice(2)).toEqual([['f']]);
  });

  test('leave out what no filter matches, and the rest goes on behind it', async () => {
    const filterCriteria = { Filters: [{ Pattern: JSON.stringify({ data: { keep: [true] } }) }] };
    const { mapping, batches, put } = createRig({ filterCriteria, batchSize: 2 });
    await put(['{"keep":false}', '{"keep":true,"n":1}', 'not JSON', '{"keep":true,"n":2}', '{"keep":true,"n":3}']);
    await mapping.start();
    await mapping.idle();
    expect(batches).toEqual([['{"keep":true,"n":1}', '{"keep":true,"n":2}'], ['{"keep":true,"n":3}']]);
    expect(mapping.stats()).toMatchObject({ filtered: 2, delivered: 3 });
  });

  test('flow by thousands without a tick of the clock', async () => {
    const { mapping, batches, put, clock } = createRig({ batchSize: 100, shards: 2 });
    const startMs = clock.nowMs();
    await put(numbers(20_000), (text) => text);
    await mapping.start();
    await mapping.idle();
    expect(new Set(batches.flat()).size).toBe(20_000);
    expect(clock.nowMs()).toBe(startMs);
    expect(mapping.stats().delivered).toBe(20_000);
  });
});

describe('parallelization', () => {
  test('keeps the order of each partition key and has several batches of a shard under way', async () => {
    let underWay = 0;
    let most = 0;
    const { mapping, batches, put } = createRig({ parallelizationFactor: 4, batchSize: 5 }, async () => {
      most = Math.max(most, ++underWay);
      await turns(3);
      underWay--;
    });
    await put(numbers(200), (text) => `key-${Number(text) % 10}`);
    await mapping.start();
    await mapping.idle();
    for (let key = 0; key < 10; key++) {
      const ofKey = batches.flat().filter((text) => Number(text) % 10 === key);
      expect(ofKey).toEqual(numbers(200).filter((text) => Number(text) % 10 === key));
    }
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
  });

  test('lets the other keys of a shard go on while one is blocked', async () => {
    const { mapping, batches, put, clock } = createRig({ parallelizationFactor: 10 }, (texts) => {
      if (texts.includes('poison')) throw new Error('no');
    });
    await put(['poison', ...numbers(50)], (text) => text);
    await mapping.start();
    await clock.advance(500);
    const done = batches.filter((texts) => !texts.includes('poison')).flat();
    expect(done.length).toBeGreaterThan(25);
  });
});

describe('the starting position', () => {
  test('TRIM_HORIZON delivers what is there', async () => {
    const { mapping, batches, put } = createRig({ startingPosition: 'TRIM_HORIZON' });
    await put(['old']);
    await mapping.start();
    await mapping.idle();
    expect(batches).toEqual([['old']]);
  });

  test('LATEST delivers what comes after start, and nothing before', async () => {
    const { mapping, batches, put } = createRig({ startingPosition: 'LATEST' });
    await put(['old']);
    await mapping.start();
    await put(['new']);
    await mapping.idle();
    expect(batches).toEqual([['new']]);
  });

  test('LATEST delivers everything of shards that appear later', async () => {
    const { mapping, batches, put, streams, clock } = createRig({ startingPosition: 'LATEST' });
    await put(['old']);
    await mapping.start();
    streams.splitShard('s', 'shardId-000000000000', 2n ** 127n);
    await put(['child']);
    await clock.until(mapping.idle());
    expect(batches).toEqual([['child']]);
  });

  test('LATEST passes over the parents of a split that came before', async () => {
    const { mapping, batches, put, streams } = createRig({ startingPosition: 'LATEST' });
    await put(['old']);
    streams.splitShard('s', 'shardId-000000000000', 2n ** 127n);
    await put(['child, old']);
    await mapping.start();
    await put(['new']);
    await mapping.idle();
    expect(batches).toEqual([['new']]);
  });

  test('AT_TIMESTAMP delivers what arrived from then on', async () => {
    const { put, clock, streams, host, batches } = createRig();
    await put(['old']);
    await clock.advance(1_000);
    const startingPositionTimestampMs = clock.nowMs();
    await put(['at that instant']);
    await clock.advance(1_000);
    await put(['later']);
    const options = { stream: 's', startingPosition: 'AT_TIMESTAMP', startingPositionTimestampMs } as const;
    const mapping = new EventSourceMapping({ streams, host, clock, options });
    await mapping.start();
    await mapping.idle();
    await mapping.stop();
    expect(batches).toEqual([['at that instant', 'later']]);
  });

  test('that is missing a stream fails at start with its code', async () => {
    const { mapping, streams } = createRig();
    streams.deleteStream('s');
    await expect(mapping.start()).rejects.toMatchObject({ code: 'STREAM_NOT_FOUND' });
    expect(mapping.settings().State).toBe('Disabled');
  });
});

describe('shards', () => {
  test('deliver parents before children after a split', async () => {
    const { mapping, batches, put, streams } = createRig({ batchSize: 4 });
    await put(numbers(10), (text) => text);
    streams.splitShard('s', 'shardId-000000000000', 2n ** 127n);
    await put(numbers(10, 10), (text) => text);
    await mapping.start();
    await mapping.idle();
    const order = batches.flat();
    expect(order.slice(0, 10)).toEqual(numbers(10));
    expect(new Set(order.slice(10))).toEqual(new Set(numbers(10, 10)));
    expect(mapping.stats().shards.map(({ state }) => state)).toEqual(['ended', 'reading', 'reading']);
  });

  test('start a merged child only when both parents are done', async () => {
    let block = true;
    const { mapping, batches, streams, clock } = createRig({ shards: 2 }, (texts) => {
      if (block && texts.includes('right')) throw new Error('not yet');
    });
    const [low, high] = await streams.listShards('s');
    const put = (text: string, hash: bigint | undefined) =>
      streams.putRecords('s', [{ data: Buffer.from(text), partitionKey: 'k', explicitHashKey: String(hash) }]);
    await put('left', low?.hashStart);
    await put('right', high?.hashStart);
    streams.mergeShards('s', 'shardId-000000000000', 'shardId-000000000001');
    await put('child', 0n);
    await mapping.start();
    await clock.advance(3_000);
    expect(batches.flat()).toContain('left');
    expect(batches.flat()).not.toContain('child');
    block = false;
    await clock.until(mapping.idle());
    expect(batches.flat().at(-1)).toBe('child');
  });

  test('are found while the mapping runs, generation after generation', async () => {
    const { mapping, batches, put, streams, clock } = createRig();
    await mapping.start();
    await put(['first']);
    await clock.until(mapping.idle());
    streams.splitShard('s', 'shardId-000000000000', 2n ** 127n);
    streams.mergeShards('s', 'shardId-000000000001', 'shardId-000000000002');
    await put(['third generation']);
    await clock.until(mapping.idle());
    expect(batches).toEqual([['first'], ['third generation']]);
  });

  test('deliver the rest of a closed shard without waiting for the window', async () => {
    const { mapping, batches, put, streams } = createRig({ maximumBatchingWindowMs: 60_000 });
    await put(['a', 'b']);
    streams.splitShard('s', 'shardId-000000000000', 2n ** 127n);
    await mapping.start();
    await turns(20);
    expect(batches).toEqual([['a', 'b']]);
  });
});

describe('running', () => {
  test('goes on where it stopped', async () => {
    const { mapping, batches, put } = createRig({ batchSize: 2 });
    await put(numbers(4));
    await mapping.start();
    await mapping.idle();
    await mapping.stop();
    await put(numbers(4, 4));
    expect(batches.flat()).toEqual(numbers(4));
    await mapping.start();
    await mapping.idle();
    expect(batches.flat()).toEqual(numbers(8));
  });

  test('stop waits for the invocation under way and starts no other', async () => {
    const gate = Promise.withResolvers<void>();
    const { mapping, batches, put } = createRig({ batchSize: 1 }, () => gate.promise);
    await put(['a', 'b']);
    await mapping.start();
    await turns();
    const stopping = mapping.stop();
    await turns();
    expect(mapping.stats().inFlight).toBe(1);
    gate.resolve();
    await stopping;
    expect(batches).toEqual([['a']]);
    expect(mapping.stats()).toMatchObject({ delivered: 1, inFlight: 0 });
  });

  test('stop does not wait for the pause before a retry', async () => {
    const { mapping, batches, put } = createRig({ retryBaseDelayMs: 60_000, retryMaximumDelayMs: 60_000 }, () => {
      throw new Error('no');
    });
    await put(['a']);
    await mapping.start();
    await turns();
    await mapping.stop();
    expect(batches).toEqual([['a']]);
  });

  test('idle resolves with false when the mapping stops or does not run', async () => {
    const { mapping, put } = createRig({}, () => {
      throw new Error('no');
    });
    expect(await mapping.idle()).toBe(false);
    await put(['a']);
    await mapping.start();
    const idle = mapping.idle();
    await turns();
    await mapping.stop();
    expect(await idle).toBe(false);
  });

  test('goes on after reads and listings that fail', async () => {
    const { mapping, batches, put, streams, clock, problems } = createRig();
    await mapping.start();
    await turns();
    const list = streams.listShards.bind(streams);
    let failuresLeft = 2;
    streams.listShards = async (stream) => {
      if (failuresLeft-- > 0) throw new Error('unavailable');
      return list(stream);
    };
    await put(['a']);
    await clock.until(mapping.idle());
    expect(batches).toEqual([['a']]);
    expect(problems).toEqual(['listing the shards of s', 'listing the shards of s']);
  });

  test('polls a quiet shard once per interval', async () => {
    const { mapping, streams, clock } = createRig({ pollIntervalMs: 200, shardDiscoveryIntervalMs: 60_000 });
    let reads = 0;
    const open = streams.openReader.bind(streams);
    streams.openReader = async (...args) => {
      const reader = await open(...args);
      return {
        next: (limit) => {
          reads++;
          return reader.next(limit);
        },
      };
    };
    await mapping.start();
    await clock.advance(10_000);
    expect(reads).toBeGreaterThanOrEqual(50);
    expect(reads).toBeLessThanOrEqual(52);
  });

  test('tells the age of the oldest record that is not done', async () => {
    const { mapping, put, clock } = createRig({}, () => {
      throw new Error('no');
    });
    await put(['a']);
    await mapping.start();
    await clock.advance(5_000);
    expect(mapping.stats().shards).toMatchObject([{ shardId: 'shardId-000000000000', state: 'reading', lagMs: 5_000 }]);
  });

  test("shows its settings in AWS's shape", () => {
    const { mapping } = createRig({
      parallelizationFactor: 2,
      reportBatchItemFailures: true,
      maximumBatchingWindowMs: 500,
    });
    expect(mapping.settings()).toEqual({
      EventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
      FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:function',
      State: 'Disabled',
      BatchSize: 100,
      MaximumBatchingWindowInSeconds: 0.5,
      ParallelizationFactor: 2,
      StartingPosition: 'TRIM_HORIZON',
      MaximumRecordAgeInSeconds: -1,
      MaximumRetryAttempts: -1,
      BisectBatchOnFunctionError: false,
      TumblingWindowInSeconds: 0,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: { OnFailure: { Destination: 'in-process' } },
    });
  });
});
