import type { Position } from '../commit/commit.ts';
import type { CommittedState } from '../commit/committed-state.ts';
import { compareSequenceNumbers } from '../connectors/sequence-number.ts';
import type { StartPosition } from '../connectors/specs.ts';
import type { StreamDescription, StreamPort, StreamRecord } from '../connectors/stream-port.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import { ComputeSession } from '../operators/compute-session.ts';
import { isPacket } from './packet.ts';
import { type Piece, type RejectionOrigin, restingPiece } from './piece.ts';
import { expiredBeforeMs, mayHaveExpired, recordsAfter } from './probe.ts';

/** What an operator gives up. */
export type SkipScope =
  /** Whatever the stream has lost, or may lose before it is read. */
  | { readonly kind: 'expired' }
  /** The records before this one, which is then the next to be processed. */
  | { readonly kind: 'until'; readonly sequenceNumber: string }
  /** The records up to this one, and it. */
  | { readonly kind: 'through'; readonly sequenceNumber: string };

export interface SkipRequest {
  readonly scope: SkipScope;
  /** Kept with the decision. */
  readonly reason: string;
  /** Who decided, as they say. */
  readonly by: string;
  readonly nowMs: number;
}

export interface SkipTask {
  readonly stage: string;
  /** The operator that would have read the records. */
  readonly operator: string;
  readonly streams: StreamPort;
  readonly description: StreamDescription;
  readonly shardId: string;
  readonly start: StartPosition;
  /** The records of a repartition stream are packets: they hold rows of other tasks, and are never skipped. */
  readonly isSource: boolean;
  /** Every user record of a stream record, as quarantine items name it. */
  originsOf(record: StreamRecord): readonly RejectionOrigin[];
}

/** One commit's worth of a decision. */
export interface Skip {
  /** The last committed record before; `undefined` where there was none. */
  readonly after: string | undefined;
  /** Those that are still in the stream: they go to quarantine, and can be redriven from there. */
  readonly records: readonly StreamRecord[];
  /** Whether others may have been there that the stream does not have any more. */
  readonly expired: boolean;
  /** Where processing goes on. */
  readonly position: Position;
  /** False where this is as much as one commit takes. */
  readonly complete: boolean;
}

/** One commit takes no more than this. */
const MAX_RECORDS = 500;
const MAX_BYTES = 2 * 1024 * 1024;

/**
 * Looks at what a request gives up, as the stream and the committed position are now.
 *
 * @throws MillraceError `NOTHING_TO_SKIP` where nothing is missing or waiting there; `NOT_SKIPPABLE` where the records
 *   are packets, or the one that is named is not in the shard
 */
export const findSkip = async (task: SkipTask, state: CommittedState, request: SkipRequest): Promise<Skip> => {
  const { position } = state.head;
  const { scope, nowMs } = request;
  const expired = task.isSource && mayHaveExpired(task.description, position, nowMs);
  if (scope.kind === 'expired') requireExpired(task, expired);
  else requireAhead(scope.sequenceNumber, position);
  const isGivenUp = (record: StreamRecord): boolean => {
    if (scope.kind === 'expired') return record.arrivalMs < expiredBeforeMs(task.description, nowMs);
    const order = compareSequenceNumbers(record.sequenceNumber, scope.sequenceNumber);
    return order < 0 || (order === 0 && scope.kind === 'through');
  };
  const records: StreamRecord[] = [];
  let bytes = 0;
  let next: StreamRecord | undefined;
  for await (const record of readFrom(task, position)) {
    if (!isGivenUp(record) || records.length === MAX_RECORDS || bytes >= MAX_BYTES) {
      next = record;
      break;
    }
    if (!task.isSource) requireNoPacket(task, record);
    records.push(record);
    bytes += record.data.length;
  }
  const complete = next === undefined || !isGivenUp(next);
  if (scope.kind !== 'expired' && complete) requireNamed(task, scope, records, next);
  return {
    after: position.sequenceNumber,
    records,
    expired,
    position: after(position, records, next, nowMs),
    complete,
  };
};

/** The commit of a decision: the position moves on, the records go to quarantine, and so does the decision itself. */
export const skipPiece = (task: SkipTask, state: CommittedState, skip: Skip, request: SkipRequest): Piece => {
  const session = new ComputeSession(state.keyed, state.head.watermarkMs);
  const { operator } = task;
  const last = skip.records.at(-1);
  session.rejections.push({
    code: 'SKIPPED',
    message: request.reason,
    path: '',
    operator,
    stage: task.stage,
    shardId: task.shardId,
    sequenceNumber: last?.sequenceNumber ?? skip.after ?? '',
    subSequenceNumber: 0,
    arrivalMs: last?.arrivalMs ?? 0,
    payloadKind: 'decision',
    payload: JSON.stringify({
      after: skip.after ?? null,
      through: last?.sequenceNumber ?? null,
      records: skip.records.length,
      expired: skip.expired,
      by: request.by,
      atMs: request.nowMs,
    }),
  });
  for (const record of skip.records) {
    for (const origin of task.originsOf(record)) {
      session.rejections.push({ ...origin, code: 'SKIPPED', message: request.reason, path: '', operator });
    }
  }
  return {
    // The count of rejections stays: it says nothing about the code that did not see them.
    ...restingPiece(state, 'skip', session),
    position: skip.position,
    recordCount: skip.records.length,
  };
};

const readFrom = (task: SkipTask, position: Position) =>
  recordsAfter(task.streams, task.description.name, task.shardId, position, task.start, MAX_RECORDS + 1);

/** That nothing lies between the last record given up and the next one was seen just now, by this very look. */
const after = (
  before: Position,
  records: readonly StreamRecord[],
  next: StreamRecord | undefined,
  nowMs: number,
): Position => {
  const last = records.at(-1);
  return {
    sequenceNumber: last?.sequenceNumber ?? before.sequenceNumber,
    arrivalMs: last?.arrivalMs ?? before.arrivalMs,
    emptyAsOfMs: Math.max(before.emptyAsOfMs, next === undefined ? nowMs : next.arrivalMs - 1),
  };
};

const requireExpired = (task: SkipTask, expired: boolean): void => {
  if (expired) return;
  throw nothingToSkip(
    task.isSource
      ? `Nothing of ${task.shardId} can have expired: its stream keeps ${task.description.retentionMs} ms, and it was seen since.`
      : `${task.shardId} is a shard of a repartition stream: its packets show themselves what is missing.`,
    'To give up records that the stream still has, name the last of them with --through.',
  );
};

const requireAhead = (sequenceNumber: string, { sequenceNumber: committed }: Position): void => {
  if (committed === undefined || compareSequenceNumbers(sequenceNumber, committed) > 0) return;
  throw nothingToSkip(
    `Record ${sequenceNumber} is processed: the position is ${committed}.`,
    'Nothing has to be done.',
  );
};

const requireNamed = (
  task: SkipTask,
  { kind, sequenceNumber }: Extract<SkipScope, { sequenceNumber: string }>,
  records: readonly StreamRecord[],
  next: StreamRecord | undefined,
): void => {
  const found = kind === 'until' ? next : records.at(-1);
  if (found?.sequenceNumber !== sequenceNumber) {
    throw new MillraceError(
      'input',
      'NOT_SKIPPABLE',
      `${task.shardId} of stream '${task.description.name}' has no record ${sequenceNumber} after its position.`,
      {
        fix: 'Take the sequence number from the error that the shard stops with. What has expired is skipped with --expired.',
        fields: { shardId: task.shardId, sequenceNumber, next: next?.sequenceNumber ?? null },
      },
    );
  }
  if (records.length === 0) {
    throw nothingToSkip(
      `Record ${sequenceNumber} is the next one to be processed: nothing lies before it.`,
      'To give it up too, name it with --through.',
    );
  }
};

const requireNoPacket = (task: SkipTask, record: StreamRecord): void => {
  if (!isPacket(record.data)) return;
  throw new MillraceError(
    'input',
    'NOT_SKIPPABLE',
    `Record ${record.sequenceNumber} of '${task.description.name}', ${task.shardId}, is a packet of this job, and holds rows that were computed.`,
    {
      fix: 'Only what other writers have put into a repartition stream can be skipped. If a packet is damaged, restore the stream or the state.',
      fields: { shardId: task.shardId, sequenceNumber: record.sequenceNumber },
    },
  );
};

const nothingToSkip = (message: string, fix: string): MillraceError =>
  new MillraceError('input', 'NOTHING_TO_SKIP', message, { fix });
