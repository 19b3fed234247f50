import type { InvocationResult } from '../containers/function-host.ts';
import type { Batch, DiscardCondition } from './batch-delivery.ts';
import type { EventOrigin } from './lambda-event.ts';

/** What an on-failure destination gets for a discarded batch: where the records are, not the records. */
export interface FailureDocument {
  readonly requestContext: {
    readonly requestId: string;
    readonly functionArn: string;
    readonly condition: DiscardCondition;
    readonly approximateInvokeCount: number;
  };
  /** Absent when the records expired before the function saw them. */
  readonly responseContext?: {
    readonly statusCode: 200;
    readonly executedVersion: '$LATEST';
    /** Absent when the function answered with `batchItemFailures`. */
    readonly functionError?: 'Unhandled';
  };
  readonly version: '1.0';
  /** ISO 8601. */
  readonly timestamp: string;
  readonly KinesisBatchInfo: {
    readonly shardId: string;
    readonly startSequenceNumber: string;
    readonly endSequenceNumber: string;
    readonly approximateArrivalOfFirstRecord: string;
    readonly approximateArrivalOfLastRecord: string;
    readonly batchSize: number;
    readonly streamArn: string;
  };
}

export interface Discard {
  readonly batch: Batch;
  readonly condition: DiscardCondition;
  /** Of the last invocation that saw the batch. */
  readonly result: InvocationResult | undefined;
  readonly requestId: string;
  readonly nowMs: number;
}

export const failureDocument = (discard: Discard, origin: EventOrigin, functionArn: string): FailureDocument => {
  const { batch, condition, result, requestId, nowMs } = discard;
  const first = batch.records[0];
  const last = batch.records.at(-1);
  if (first === undefined || last === undefined) throw new Error('a discarded batch holds at least one record');
  return {
    requestContext: { requestId, functionArn, condition, approximateInvokeCount: batch.invokeCount },
    ...(result !== undefined && {
      responseContext: {
        statusCode: 200,
        executedVersion: '$LATEST',
        ...(!result.ok && { functionError: 'Unhandled' as const }),
      },
    }),
    version: '1.0',
    timestamp: isoTime(nowMs),
    KinesisBatchInfo: {
      shardId: origin.shardId,
      startSequenceNumber: first.sequenceNumber,
      endSequenceNumber: last.sequenceNumber,
      approximateArrivalOfFirstRecord: isoTime(first.arrivalMs),
      approximateArrivalOfLastRecord: isoTime(last.arrivalMs),
      batchSize: batch.records.length,
      streamArn: origin.streamArn,
    },
  };
};

const isoTime = (ms: number): string => new Date(ms).toISOString();
