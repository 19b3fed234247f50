import type { EntryChange } from '../state/state-table.ts';
import type { Outbox } from './outbox.ts';

/**
 * How a commit came about. `genesis` fills the ring before the first commit; `batch` ends where the delivered
 * batch ends; `mark` stops before that, or goes on with what is left of the outbox of the commit before it; `skip` is a
 * decision to go on without records; `redrive` processes quarantined ones again; nothing follows a `seal`. `upgrade` is
 * reserved.
 */
export type CommitKind = 'genesis' | 'batch' | 'tick' | 'mark' | 'skip' | 'redrive' | 'seal' | 'upgrade';

/** How far a task has read its shard. */
export interface Position {
  /** The last record in committed state; `undefined` before the first. */
  readonly sequenceNumber: string | undefined;
  /** When the stream took that record. */
  readonly arrivalMs: number;
  /** The last time somebody saw that nothing came after it; 0 if never. */
  readonly emptyAsOfMs: number;
}

export interface CommitHeader {
  readonly n: number;
  /** Unique to one try to write one content: tells my own write, whose answer was lost, from another's. */
  readonly attemptId: string;
  readonly epoch: number;
  readonly kind: CommitKind;
  readonly position: Position;
  /** No later output of this task is due at or before it. */
  readonly watermarkMs: number;
}

/**
 * What a receiver knows of a producer on a partition. `sealed`: its shard ended and all it sent has arrived. `unborn`: one of
 * its parents is sealed and another is not, so that nothing of it is next yet, but its watermark is bounded.
 */
export type MarkStatus = 'active' | 'sealed' | 'unborn';

/** Producer `producer` is applied up to commit `n` on partitions `from … to`, with this watermark. */
export interface MarkChange {
  readonly producer: string;
  readonly from: number;
  readonly to: number;
  readonly n: number;
  readonly watermarkMs: number;
  /** The producer asked not to be waited for. */
  readonly excluded: boolean;
  readonly status: MarkStatus;
}

/** Rejected records against all records, in the current stretch. */
export interface RejectionCount {
  readonly records: number;
  readonly rejected: number;
}

/** What a commit changes and what it sends. */
export interface CommitBody {
  readonly changes: readonly EntryChange[];
  readonly marks: readonly MarkChange[];
  /** A source stage's own watermark may be that of an idle shard: then it is not waited for. */
  readonly excluded: boolean;
  readonly rejections: RejectionCount;
  readonly outbox: Outbox;
}

export interface Commit {
  readonly header: CommitHeader;
  readonly body: CommitBody;
}
