import { onTestFinished } from 'vitest';
import type { Random } from '../../../lib/core/random.ts';
import type { InvocationResult } from '../../../lib/local/containers/function-host.ts';
import { createInlineFunction } from '../../../lib/local/containers/inline-function.ts';
import { EventSourceMapping } from '../../../lib/local/mapping/event-source-mapping.ts';
import type { FailureDocument } from '../../../lib/local/mapping/failure-document.ts';
import type { LambdaKinesisEvent } from '../../../lib/local/mapping/lambda-event.ts';
import type { FailedBatchEvent } from '../../../lib/local/mapping/mapping-observer.ts';
import type { MappingOptions } from '../../../lib/local/mapping/mapping-options.ts';
import { MemoryStreams } from '../../../lib/memory/memory-streams.ts';
import { ManualClock } from './manual-clock.ts';

export interface RigOptions extends Partial<MappingOptions> {
  readonly shards?: number;
  readonly retentionMs?: number;
  readonly clock?: ManualClock;
}

/** The middle of every range: delays come out at three quarters. */
export const middleRandom: Random = { uniqueId: () => 'an-id', fraction: () => 0.5 };

/** A stream `s` in memory, a mapping on it, and a record of all that happened. */
export const createRig = (
  { shards = 1, retentionMs, clock = new ManualClock(), ...options }: RigOptions = {},
  handler: (texts: readonly string[], event: LambdaKinesisEvent) => unknown = () => undefined,
) => {
  const streams = new MemoryStreams(clock);
  streams.createStream('s', { shards, ...(retentionMs !== undefined && { retentionMs }) });
  /** The texts of each invocation, in order. */
  const batches: string[][] = [];
  const documents: FailureDocument[] = [];
  const failures: FailedBatchEvent[] = [];
  const problems: string[] = [];
  const host = createInlineFunction<LambdaKinesisEvent>((event) => {
    const texts = event.Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64').toString());
    batches.push(texts);
    return handler(texts, event);
  });
  const mapping = new EventSourceMapping({
    streams,
    host,
    clock,
    random: middleRandom,
    options: { stream: 's', startingPosition: 'TRIM_HORIZON', ...options },
    destinationOnFailure: async (document) => void documents.push(document),
    observer: {
      onFailed: (event) => failures.push(event),
      onProblem: (_error, doing) => problems.push(doing),
    },
  });
  onTestFinished(async () => {
    await mapping.stop().catch(() => undefined);
  });
  const put = (texts: readonly string[], partitionKey: string | ((text: string) => string) = 'k') =>
    streams.putRecords(
      's',
      texts.map((text) => ({
        data: Buffer.from(text),
        partitionKey: typeof partitionKey === 'string' ? partitionKey : partitionKey(text),
      })),
    );
  return { streams, clock, mapping, batches, documents, failures, problems, put, host };
};

export const numbers = (count: number, from = 0): string[] => Array.from({ length: count }, (_, i) => String(from + i));

export const failed = (type: 'Unhandled' | 'Throttled' | 'Killed' = 'Unhandled'): InvocationResult => ({
  ok: false,
  error: { type, message: 'no' },
});
