import { describe, expect, test } from 'vitest';
import { EventSourceMapping } from '../../../lib/local/mapping/event-source-mapping.ts';
import type { LambdaKinesisEvent } from '../../../lib/local/mapping/lambda-event.ts';
import { retryDelayMs } from '../../../lib/local/mapping/retry-delay.ts';
import { createRig, failed, middleRandom, numbers } from './mapping-rig.ts';

const failOn = (poison: string) => (texts: readonly string[]) => {
  if (texts.includes(poison)) throw new Error(`cannot take ${poison}`);
};

/** The report of the first of these texts that is in the event. */
const reportOf = (event: LambdaKinesisEvent, poison: string) => {
  const bad = event.Records.filter(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString() === poison);
  return { batchItemFailures: bad.map(({ kinesis }) => ({ itemIdentifier: kinesis.sequenceNumber })) };
};

describe('retries', () => {
  test('bring the same batch again, before anything newer, until it succeeds', async () => {
    let failuresLeft = 3;
    const { mapping, batches, put, clock } = createRig({ batchSize: 2 }, () => {
      if (failuresLeft-- > 0) throw new Error('no');
    });
    await put(numbers(3));
    await mapping.start();
    await clock.until(mapping.idle());
    expect(batches).toEqual([['0', '1'], ['0', '1'], ['0', '1'], ['0', '1'], ['2']]);
    expect(mapping.stats()).toMatchObject({ failures: 3, retries: 3, delivered: 3, discarded: 0 });
  });

  test('are spaced by pauses that double up to a bound', async () => {
    const { mapping, put, clock, failures } = createRig({ retryBaseDelayMs: 100, retryMaximumDelayMs: 1_000 }, () => {
      throw new Error('no');
    });
    await put(['a']);
    await mapping.start();
    await clock.advance(3_000);
    expect(failures.slice(0, 6).map(({ pauseMs }) => pauseMs)).toEqual([75, 150, 300, 600, 750, 750]);
    expect(failures.length).toBeLessThan(9);
  });

  test('have pauses between half of the bound and all of it', () => {
    const pause = (failureCount: number, fraction: number) =>
      retryDelayMs(failureCount, 100, 10_000, { ...middleRandom, fraction: () => fraction });
    expect([pause(1, 0), pause(1, 0.999), pause(8, 0), pause(5_000, 0.999)]).toEqual([50, 100, 5_000, 9_995]);
  });

  test('end after maximumRetryAttempts: the batch is discarded with a document, and the shard goes on', async () => {
    const { mapping, batches, documents, put, clock } = createRig(
      { batchSize: 2, maximumRetryAttempts: 2 },
      failOn('1'),
    );
    const outcomes = await put(numbers(3));
    const sequenceNumbers = outcomes.map((outcome) => (outcome.ok ? outcome.sequenceNumber : ''));
    await mapping.start();
    await clock.until(mapping.idle());
    expect(batches).toEqual([['0', '1'], ['0', '1'], ['0', '1'], ['2']]);
    expect(mapping.stats()).toMatchObject({ delivered: 1, discarded: 2 });
    expect(documents).toEqual([
      {
        requestContext: {
          requestId: 'inline-3',
          functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:function',
          condition: 'RetryAttemptsExhausted',
          approximateInvokeCount: 3,
        },
        responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
        version: '1.0',
        timestamp: expect.stringMatching(/^2023-11-14T22:13:20\.\d{3}Z$/),
        KinesisBatchInfo: {
          shardId: 'shardId-000000000000',
          startSequenceNumber: sequenceNumbers[0],
          endSequenceNumber: sequenceNumbers[1],
          approximateArrivalOfFirstRecord: '2023-11-14T22:13:20.000Z',
          approximateArrivalOfLastRecord: '2023-11-14T22:13:20.000Z',
          batchSize: 2,
          streamArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
        },
      },
    ]);
  });

  test('without a limit end when the records leave the stream', async () => {
    const { mapping, documents, batches, put, clock } = createRig({ retentionMs: 120_000 }, failOn('a'));
    await put(['a']);
    await mapping.start();
    await clock.advance(110_000);
    expect(documents).toEqual([]);
    await put(['b']);
    await clock.advance(20_000);
    expect(documents).toMatchObject([{ requestContext: { condition: 'RecordAgeExceeded' } }]);
    expect(batches.at(-1)).toEqual(['b']);
  });

  test('are not spent while the function is throttled', async () => {
    let throttled = 5;
    const rig = createRig();
    const mapping = new EventSourceMapping({
      streams: rig.streams,
      clock: rig.clock,
      random: middleRandom,
      options: { stream: 's', startingPosition: 'TRIM_HORIZON', maximumRetryAttempts: 0 },
      host: { ...rig.host, invoke: async (event) => (throttled-- > 0 ? failed('Throttled') : rig.host.invoke(event)) },
    });
    await rig.put(['a']);
    await mapping.start();
    await rig.clock.until(mapping.idle());
    await mapping.stop();
    expect(rig.batches).toEqual([['a']]);
    expect(mapping.stats()).toMatchObject({ delivered: 1, discarded: 0 });
  });

  test('follow when the host itself breaks its promise', async () => {
    let broken = true;
    const rig = createRig();
    const mapping = new EventSourceMapping({
      streams: rig.streams,
      clock: rig.clock,
      random: middleRandom,
      options: { stream: 's', startingPosition: 'TRIM_HORIZON' },
      host: {
        ...rig.host,
        invoke: async (event) => {
          if (!broken) return rig.host.invoke(event);
          broken = false;
          throw new Error('defect');
        },
      },
    });
    await rig.put(['a']);
    await mapping.start();
    await rig.clock.until(mapping.idle());
    await mapping.stop();
    expect(rig.batches).toEqual([['a']]);
  });
});

describe('maximumRecordAgeInSeconds', () => {
  test('discards a failing batch when it is over', async () => {
    const { mapping, documents, batches, put, clock } = createRig({ maximumRecordAgeInSeconds: 60 }, failOn('a'));
    await put(['a']);
    await mapping.start();
    await clock.advance(50_000);
    await put(['b']);
    expect(documents).toEqual([]);
    await clock.until(mapping.idle());
    expect(documents).toMatchObject([
      {
        requestContext: { condition: 'RecordAgeExceeded' },
        responseContext: { functionError: 'Unhandled' },
        KinesisBatchInfo: { batchSize: 1 },
      },
    ]);
    expect(batches.at(-1)).toEqual(['b']);
  });

  test('keeps records that are too old from the function at all', async () => {
    const { mapping, documents, batches, put, clock } = createRig({ maximumRecordAgeInSeconds: 60 });
    await put(['old']);
    await clock.advance(61_000);
    await put(['new']);
    await mapping.start();
    await mapping.idle();
    expect(batches).toEqual([['new']]);
    expect(documents).toHaveLength(1);
    expect(documents[0]).not.toHaveProperty('responseContext');
    expect(documents[0]?.requestContext.approximateInvokeCount).toBe(0);
  });
});

describe('bisecting', () => {
  test('isolates the bad record, discards it alone and delivers the others in order', async () => {
    const { mapping, batches, documents, put, clock } = createRig(
      { batchSize: 8, bisectBatchOnFunctionError: true, maximumRetryAttempts: 0 },
      failOn('5'),
    );
    await put(numbers(8));
    await mapping.start();
    await clock.until(mapping.idle());
    expect(batches).toEqual([numbers(8), numbers(4), numbers(4, 4), ['4', '5'], ['4'], ['5'], ['6', '7']]);
    expect(documents.map(({ KinesisBatchInfo }) => KinesisBatchInfo.batchSize)).toEqual([1]);
    expect(mapping.stats()).toMatchObject({ delivered: 7, discarded: 1 });
  });

  test('spends no retry on a split: the isolated record still has all of them', async () => {
    const { mapping, batches, put, clock } = createRig(
      { batchSize: 4, bisectBatchOnFunctionError: true, maximumRetryAttempts: 2 },
      failOn('0'),
    );
    await put(numbers(4));
    await mapping.start();
    await clock.until(mapping.idle());
    expect(batches.filter((texts) => texts.length === 1 && texts[0] === '0')).toHaveLength(3);
    expect(mapping.stats()).toMatchObject({ delivered: 3, discarded: 1 });
  });

  test('splits at the reported record when partial responses are on', async () => {
    const { mapping, batches, put, clock } = createRig(
      { batchSize: 8, bisectBatchOnFunctionError: true, reportBatchItemFailures: true, maximumRetryAttempts: 0 },
      (_texts, event) => reportOf(event, '3'),
    );
    await put(numbers(8));
    await mapping.start();
    await clock.until(mapping.idle());
    expect(batches.slice(0, 2)).toEqual([numbers(8), numbers(5, 3)]);
    expect(mapping.stats()).toMatchObject({ delivered: 7, discarded: 1 });
  });
});

describe('partial batch responses', () => {
  test('start again at the reported record, before anything newer', async () => {
    let bad = true;
    const { mapping, batches, put, clock } = createRig(
      { batchSize: 4, reportBatchItemFailures: true },
      (texts, event) => {
        if (!bad || !texts.includes('2')) return undefined;
        bad = false;
        return reportOf(event, '2');
      },
    );
    await put(numbers(6));
    await mapping.start();
    await clock.until(mapping.idle());
    expect(batches).toEqual([numbers(4), ['2', '3'], ['4', '5']]);
    expect(mapping.stats()).toMatchObject({ delivered: 6, failures: 1, retries: 1 });
  });

  test('are ignored when the mapping does not ask for them', async () => {
    const { mapping, batches, put } = createRig({}, (_texts, event) => reportOf(event, '0'));
    await put(numbers(2));
    await mapping.start();
    await mapping.idle();
    expect(batches).toEqual([numbers(2)]);
  });

  test('leave functionError out of the document of a discarded batch', async () => {
    const { mapping, documents, put, clock } = createRig(
      { reportBatchItemFailures: true, maximumRetryAttempts: 1 },
      (_texts, event) => reportOf(event, '1'),
    );
    await put(numbers(3));
    await mapping.start();
    await clock.until(mapping.idle());
    expect(documents).toMatchObject([{ KinesisBatchInfo: { batchSize: 2 } }]);
    expect(documents[0]?.responseContext).toEqual({ statusCode: 200, executedVersion: '$LATEST' });
  });
});

describe('the on-failure destination', () => {
  test('that fails is reported, and the shard goes on', async () => {
    const rig = createRig({}, failOn('a'));
    const problems: string[] = [];
    const mapping = new EventSourceMapping({
      streams: rig.streams,
      clock: rig.clock,
      random: middleRandom,
      host: rig.host,
      options: { stream: 's', startingPosition: 'TRIM_HORIZON', batchSize: 1, maximumRetryAttempts: 0 },
      destinationOnFailure: () => Promise.reject(new Error('queue is gone')),
      observer: { onProblem: (_error, doing) => problems.push(doing) },
    });
    await rig.put(['a', 'b']);
    await mapping.start();
    await rig.clock.until(mapping.idle());
    await mapping.stop();
    expect(problems).toEqual(['sending discarded records of shardId-000000000000 to the on-failure destination']);
    expect(rig.batches).toEqual([['a'], ['b']]);
  });
});
