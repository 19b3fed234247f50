/** What a mapping does after an invocation: pure decisions, no streams, no clock. */
import type { StreamRecord } from '../../connectors/stream-port.ts';
import type { InvocationResult } from '../containers/function-host.ts';

export interface Batch {
  /** Never empty, in the shard's order. */
  readonly records: readonly StreamRecord[];
  /** Retries spent: 0 at the first invocation. */
  readonly retryCount: number;
  /** Invocations that saw its first record. */
  readonly invokeCount: number;
}

export interface DeliveryPolicy {
  /** −1: no limit. */
  readonly maximumRetryAttempts: number;
  readonly bisectBatchOnFunctionError: boolean;
  readonly reportBatchItemFailures: boolean;
}

/** Why records are given up, as the on-failure document names it. */
export type DiscardCondition = 'RetryAttemptsExhausted' | 'RecordAgeExceeded';

export interface NextStep {
  /**
   * - `delivered`: all records are done.
   * - `partial`: the records before the reported one are done, the others come again.
   * - `bisected`: two smaller batches come instead.
   * - `retry`: the same batch comes again.
   * - `not-run`: the same batch comes again, and no retry is spent: the function did not run.
   * - `discarded`: `discard` is given up.
   */
  readonly outcome: 'delivered' | 'partial' | 'bisected' | 'retry' | 'not-run' | 'discarded';
  /** Records at the front that the function has done. */
  readonly doneCount: number;
  /** To be delivered next, in this order, before anything newer. */
  readonly again: readonly Batch[];
  readonly discard: Batch | undefined;
  /** Whether a pause comes before the next try. */
  readonly pause: boolean;
}

export const newBatch = (records: readonly StreamRecord[]): Batch => ({ records, retryCount: 0, invokeCount: 0 });

/** The step after an invocation of `batch`. */
export const nextStep = (batch: Batch, result: InvocationResult, policy: DeliveryPolicy): NextStep => {
  if (!result.ok) {
    const ran = result.error.type !== 'Throttled' && result.error.type !== 'Stopped';
    return ran ? afterFailure(batch, policy) : step('not-run', { again: [batch], pause: true });
  }
  if (!policy.reportBatchItemFailures) return delivered(batch);
  const failed = firstReportedFailure(batch.records, result.payload);
  if (failed === 'none') return delivered(batch);
  // A report of the first record leaves nothing that is done: it is a failure of the whole batch.
  return failed === 'malformed' || failed === 0 ? afterFailure(batch, policy) : afterReport(batch, failed, policy);
};

/** Cuts off the records at the front that arrived before `horizonMs`: they are too old to be delivered (again). */
export const splitExpired = (
  batch: Batch,
  horizonMs: number,
): { readonly expired: Batch | undefined; readonly live: Batch | undefined } => {
  const firstLive = batch.records.findIndex((record) => record.arrivalMs >= horizonMs);
  if (firstLive === 0) return { expired: undefined, live: batch };
  if (firstLive < 0) return { expired: batch, live: undefined };
  return {
    expired: { ...batch, records: batch.records.slice(0, firstLive) },
    live: { ...batch, records: batch.records.slice(firstLive) },
  };
};

const afterFailure = (batch: Batch, policy: DeliveryPolicy): NextStep => {
  const { records, retryCount } = batch;
  const invokeCount = batch.invokeCount + 1;
  if (policy.bisectBatchOnFunctionError && records.length > 1) {
    // A split spends no retry, as AWS documents it: only a batch of one record is retried.
    const half = Math.ceil(records.length / 2);
    const parts = [records.slice(0, half), records.slice(half)];
    return step('bisected', { again: parts.map((part) => ({ records: part, retryCount, invokeCount })) });
  }
  if (!mayRetry(retryCount, policy)) return step('discarded', { discard: { ...batch, invokeCount } });
  return step('retry', { again: [{ records, retryCount: retryCount + 1, invokeCount }], pause: true });
};

const afterReport = (batch: Batch, failedAt: number, policy: DeliveryPolicy): NextStep => {
  const rest = { records: batch.records.slice(failedAt), invokeCount: 1 };
  if (policy.bisectBatchOnFunctionError) {
    return step('partial', { doneCount: failedAt, again: [{ ...rest, retryCount: 0 }], pause: true });
  }
  // The reported record failed once by now: what comes next is its first retry.
  if (!mayRetry(0, policy)) return step('discarded', { doneCount: failedAt, discard: { ...rest, retryCount: 0 } });
  return step('partial', { doneCount: failedAt, again: [{ ...rest, retryCount: 1 }], pause: true });
};

const mayRetry = (retryCount: number, { maximumRetryAttempts }: DeliveryPolicy): boolean =>
  maximumRetryAttempts < 0 || retryCount < maximumRetryAttempts;

const delivered = (batch: Batch): NextStep => step('delivered', { doneCount: batch.records.length });

const step = (outcome: NextStep['outcome'], rest: Partial<NextStep>): NextStep => ({
  outcome,
  doneCount: 0,
  again: [],
  discard: undefined,
  pause: false,
  ...rest,
});

/** The place of the lowest reported record. A report that names no record of the batch says nothing: `malformed`. */
const firstReportedFailure = (records: readonly StreamRecord[], payload: unknown): number | 'none' | 'malformed' => {
  if (payload === null || payload === undefined || payload === '') return 'none';
  if (typeof payload !== 'object' || Array.isArray(payload)) return 'malformed';
  const { batchItemFailures } = payload as { batchItemFailures?: unknown };
  if (batchItemFailures === null || batchItemFailures === undefined) return 'none';
  if (!Array.isArray(batchItemFailures)) return 'malformed';
  if (batchItemFailures.length === 0) return 'none';
  const places = new Map(records.map((record, place) => [record.sequenceNumber, place]));
  let lowest = records.length;
  for (const item of batchItemFailures as readonly ({ itemIdentifier?: unknown } | null)[]) {
    const place = places.get(item?.itemIdentifier as string);
    if (place === undefined) return 'malformed';
    lowest = Math.min(lowest, place);
  }
  return lowest;
};
