import type { InvocationFailure } from '../containers/function-host.ts';
import type { NextStep } from './batch-delivery.ts';
import type { FailureDocument } from './failure-document.ts';

export interface BatchEvent {
  readonly shardId: string;
  /** 0 … ParallelizationFactor − 1. */
  readonly lane: number;
  readonly recordCount: number;
  readonly firstSequenceNumber: string;
  readonly lastSequenceNumber: string;
  readonly requestId: string | undefined;
}

export interface FailedBatchEvent extends BatchEvent {
  /** Absent when the function answered with `batchItemFailures`. */
  readonly error: InvocationFailure | undefined;
  readonly outcome: Exclude<NextStep['outcome'], 'delivered'>;
  readonly pauseMs: number;
}

/** Who watches a mapping: for a live view and for tests. What a callback throws is ignored. */
export interface MappingObserver {
  readonly onDelivered?: (event: BatchEvent) => void;
  readonly onFailed?: (event: FailedBatchEvent) => void;
  readonly onDiscarded?: (document: FailureDocument) => void;
  /** A read, a listing or an on-failure destination failed. The mapping goes on. */
  readonly onProblem?: (error: unknown, doing: string) => void;
}

export interface MappingCounts {
  /** Records that the function has done. */
  delivered: number;
  invocations: number;
  failures: number;
  /** Invocations of records that were invoked before. */
  retries: number;
  /** Records given up. */
  discarded: number;
  /** Records that no filter let pass. */
  filtered: number;
}

export const newMappingCounts = (): MappingCounts => ({
  delivered: 0,
  invocations: 0,
  failures: 0,
  retries: 0,
  discarded: 0,
  filtered: 0,
});

/** The observer's callbacks, made harmless. */
export const guardObserver = (observer: MappingObserver): Required<MappingObserver> => {
  const guarded =
    <Args extends readonly unknown[]>(call: ((...args: Args) => void) | undefined) =>
    (...args: Args): void => {
      try {
        call?.(...args);
      } catch {
        // A view that fails must not stop the flow it shows.
      }
    };
  return {
    onDelivered: guarded(observer.onDelivered),
    onFailed: guarded(observer.onFailed),
    onDiscarded: guarded(observer.onDiscarded),
    onProblem: guarded(observer.onProblem),
  };
};
