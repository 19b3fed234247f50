import { describe, expect, it } from 'vitest';
import revenue from '../../../functions/revenue/pipeline.ts';
import { systemRandom } from '../../../lib/core/random.ts';
import { MillraceError } from '../../../lib/errors/millrace-error.ts';
import { StageFunction, type StageFunctionParts } from '../../../lib/lambda/stage-function.ts';
import { budgetMs } from '../../../lib/lambda/time-budget.ts';
import { toLambdaEvent } from '../../../lib/local/mapping/lambda-event.ts';
import { MemoryItemStore } from '../../../lib/memory/memory-item-store.ts';
import { MemoryStreams } from '../../../lib/memory/memory-streams.ts';
import { InvocationRecorder } from '../../../lib/observability/invocation-recorder.ts';
import { InvocationReport } from '../../../lib/observability/invocation-report.ts';
import type { Deadline } from '../../../lib/runtime/deadline.ts';
import { StageRuntime } from '../../../lib/runtime/stage-runtime.ts';

const nowMs = 1_700_000_000_000;
const clock = { nowMs: () => nowMs, sleep: async () => undefined };
const context = { awsRequestId: 'request-1', getRemainingTimeInMillis: () => 30_000 };
const origin = {
  shardId: 'shardId-000000000000',
  region: 'us-east-1',
  streamArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/orders',
  roleArn: 'arn:role',
};
const expected = { stage: 'orders', stream: 'orders' };

const newTelemetry = () => {
  const lines: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  const metrics: Record<string, number>[] = [];
  let open: Record<string, number> = {};
  const recorder = new InvocationRecorder();
  const report = new InvocationReport(
    {
      info: (message, fields) => lines.push({ level: 'info', message, fields }),
      error: (message, fields) => lines.push({ level: 'error', message, fields }),
    },
    {
      addMetric: (name, _unit, value) => {
        open[name] = value;
      },
      publishStoredMetrics: () => {
        metrics.push(open);
        open = {};
      },
    },
  );
  return { telemetry: { recorder, report }, lines, metrics };
};

/** The source stage of the revenue pipeline, in memory. */
const sourceStage = () => {
  const streams = new MemoryStreams(clock);
  for (const { input } of revenue.plan.stages) streams.createStream(input.stream, { shards: 1 });
  const { telemetry, lines, metrics } = newTelemetry();
  const runtime = new StageRuntime({
    pipeline: revenue,
    stage: 'orders',
    resolveStream: (logical) => logical,
    ports: {
      items: new MemoryItemStore({}),
      streams,
      sinks: new Map(),
      clock,
      random: systemRandom,
      observer: telemetry.recorder,
    },
  });
  const stage = new StageFunction({ expected, runtime, telemetry, clock, partialBatchResponses: true });
  const put = async (...texts: string[]) => {
    await streams.putRecords(
      'orders',
      texts.map((text) => ({ data: Buffer.from(text), partitionKey: 'k' })),
    );
    const reader = await streams.openReader('orders', origin.shardId, { at: 'trim-horizon' });
    return toLambdaEvent((await reader.next(100)).records, origin);
  };
  const sent = async () => {
    const reader = await streams.openReader('revenue-by-province', origin.shardId, { at: 'trim-horizon' });
    return (await reader.next(100)).records.length;
  };
  return { stage, put, sent, lines, metrics };
};

const order = (id: string) => JSON.stringify({ id, province: 'ZJ', amountCents: 500, at: nowMs });

/** A stage whose runtime does as it is told. */
const stageOf = (runtime: Partial<StageFunctionParts['runtime']>, partialBatchResponses = true) => {
  const { telemetry, lines, metrics } = newTelemetry();
  const whole = { processBatch: async () => undefined, tick: async () => 0, ...runtime };
  return {
    stage: new StageFunction({ expected, runtime: whole, telemetry, clock, partialBatchResponses }),
    lines,
    metrics,
  };
};

const batch = toLambdaEvent(
  ['11', '12', '13'].map((sequenceNumber) => ({
    sequenceNumber,
    partitionKey: 'k',
    data: new Uint8Array(),
    arrivalMs: nowMs - 2_000,
  })),
  origin,
);

describe('a mapping that the event shows to be wrong', () => {
  it.each([
    ['has a tumbling window', { ...batch, window: { start: '', end: '' }, state: {} }, /has a tumbling window/],
    [
      'reads another stream',
      toLambdaEvent([{ sequenceNumber: '1', partitionKey: 'k', data: new Uint8Array(), arrivalMs: nowMs }], {
        ...origin,
        streamArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/clicks',
      }),
      /reads the stream 'clicks'; allowed is 'orders'/,
    ],
  ])('is refused before anything is done: it %s', async (_, event, message) => {
    let touched = false;
    const { stage, lines } = stageOf({
      processBatch: async () => {
        touched = true;
        return undefined;
      },
    });
    await expect(stage.invoke(event, context)).rejects.toMatchObject({
      code: 'MAPPING_UNSAFE',
      kind: 'configuration',
      message: expect.stringMatching(message),
    });
    expect(touched).toBe(false);
    expect(lines).toMatchObject([{ level: 'error', fields: { code: 'MAPPING_UNSAFE', errorKind: 'configuration' } }]);
  });
});

describe('a batch', () => {
  it('is committed and sent on, and the answer says that nothing is left', async () => {
    const { stage, put, sent } = sourceStage();
    expect(await stage.invoke(await put(order('1'), order('2')), context)).toEqual({ batchItemFailures: [] });
    expect(await sent()).toBe(1);
  });

  it('that comes again is recognised', async () => {
    const { stage, put, sent, lines } = sourceStage();
    const event = await put(order('1'));
    await stage.invoke(event, context);
    expect(await stage.invoke(event, context)).toEqual({ batchItemFailures: [] });
    expect(await sent()).toBe(1);
    expect(lines.map(({ fields }) => fields.commits)).toEqual([1, 0]);
  });

  it('is one line in the log, with facts and without what the records hold', async () => {
    const { stage, put, lines } = sourceStage();
    await stage.invoke(await put(order('secret-id'), 'not JSON'), context);
    expect(lines).toEqual([
      {
        level: 'info',
        message: 'batch done',
        fields: expect.objectContaining({
          kind: 'batch',
          shard: 'shardId-000000000000',
          requestId: 'request-1',
          delivered: 2,
          records: 2,
          commits: 1,
          n: 1,
          rejected: 1,
          rejectedBy: { 'orders/NOT_JSON': 1 },
          lostRaces: 0,
          republished: 0,
          iteratorAgeMs: 0,
          watermarkMs: nowMs - 5_001,
          durationMs: 0,
        }),
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain('secret-id');
  });

  it('is one set of metrics', async () => {
    const { stage, put, metrics } = sourceStage();
    await stage.invoke(await put(order('1'), 'not JSON'), context);
    expect(metrics).toEqual([
      {
        Records: 2,
        Commits: 1,
        RejectedRecords: 1,
        RepublishedCommits: 0,
        LostRaces: 0,
        UnsentRows: 0,
        PayloadBytes: expect.any(Number),
        IteratorAge: 0,
        WatermarkLag: 5_001,
      },
    ]);
  });

  it('that ran out of time answers with the first record that is left', async () => {
    const { stage, metrics } = stageOf({ processBatch: async () => '12' });
    expect(await stage.invoke(batch, context)).toEqual({ batchItemFailures: [{ itemIdentifier: '12' }] });
    expect(metrics[0]).toMatchObject({ IteratorAge: 2_000 });
  });

  it('that ran out of time throws where the mapping would not read the answer', async () => {
    const { stage, lines } = stageOf({ processBatch: async () => '12' }, false);
    await expect(stage.invoke(batch, context)).rejects.toMatchObject({ code: 'DEADLINE', kind: 'retryable' });
    expect(lines).toHaveLength(1);
  });

  it('that fails is logged once with code, kind and fix, and thrown for the mapping to retry', async () => {
    const error = new MillraceError('operator', 'GAP', 'records are missing', { fix: 'Decide.' });
    const { stage, lines } = stageOf({ processBatch: () => Promise.reject(error) });
    await expect(stage.invoke(batch, context)).rejects.toBe(error);
    expect(lines).toEqual([
      {
        level: 'error',
        message: 'batch failed',
        fields: expect.objectContaining({ code: 'GAP', errorKind: 'operator', fix: 'Decide.', delivered: 3 }),
      },
    ]);
  });

  it('gets a deadline that leaves time to answer', async () => {
    const seen: number[] = [];
    const { stage } = stageOf({
      processBatch: async (_shard: string, _records: unknown, deadline: Deadline) => {
        seen.push(deadline.remainingMs);
        return undefined;
      },
    });
    await stage.invoke(batch, context);
    expect(seen).toEqual([27_000]);
  });
});

describe('a tick', () => {
  it('answers with how many shards committed something', async () => {
    const { stage, lines } = sourceStage();
    expect(await stage.invoke({ millrace: 'tick', watermarkMs: nowMs }, context)).toEqual({ committed: 1 });
    expect(await stage.invoke({ millrace: 'tick', watermarkMs: nowMs }, context)).toEqual({ committed: 0 });
    expect(lines.map(({ message, fields }) => [message, fields.commits])).toEqual([
      ['tick done', 1],
      ['tick done', 0],
    ]);
  });

  it('that changes nothing is no metric', async () => {
    const { stage, metrics } = stageOf({});
    await stage.invoke({ millrace: 'tick' }, context);
    expect(metrics).toEqual([]);
  });
});

describe('budgetMs', () => {
  it.each([
    [60_000, 54_000],
    [5_000, 4_000],
    [500, -500],
  ])('of %d ms leaves %d', (remainingMs, budget) => {
    expect(budgetMs(remainingMs)).toBe(budget);
  });
});
