import type { Position } from '../commit/commit.ts';
import { compareSequenceNumbers } from '../connectors/sequence-number.ts';
import type { StartPosition } from '../connectors/specs.ts';
import type { ReadStart, StreamDescription, StreamPort, StreamRecord } from '../connectors/stream-port.ts';
import type { Clock } from '../core/clock.ts';
import { MillraceError } from '../errors/millrace-error.ts';

/** A page can be empty although records follow. After so many in a row the question is left open for now. */
const MAX_EMPTY_PAGES = 20;

/** Taken off the retention: clocks of the stream and of this machine differ, and records expire late rather than early. */
const RETENTION_MARGIN_MS = 10 * 60_000;

/** How the records after a position end. `unclear`: the stream showed neither a record nor its end. */
type StreamEnd = 'closed' | 'latest' | 'unclear';

/** The records after a position, in their order, as they are read from the stream itself, and how they end. */
async function* readAfter(
  streams: StreamPort,
  stream: string,
  shardId: string,
  position: Position,
  start: StartPosition,
  pageSize: number,
): AsyncGenerator<StreamRecord, StreamEnd> {
  const reader = await streams.openReader(stream, shardId, readStartOf(position, start));
  for (let empty = 0; empty < MAX_EMPTY_PAGES; empty++) {
    const page = await reader.next(pageSize);
    yield* page.records;
    if (page.ended) return 'closed';
    if (page.records.length > 0) empty = -1;
    else if (page.behindLatestMs === 0) return 'latest';
  }
  return 'unclear';
}

/**
 * The records after a position, in their order, as they are read from the stream itself. Ends where nothing follows.
 *
 * @param start where the job began to read, for a task that has no position yet
 * @throws MillraceError `STREAM_UNAVAILABLE` where the stream neither shows a record nor its end
 */
export async function* recordsAfter(
  streams: StreamPort,
  stream: string,
  shardId: string,
  position: Position,
  start: StartPosition,
  pageSize: number,
): AsyncGenerator<StreamRecord, void> {
  const end = yield* readAfter(streams, stream, shardId, position, start, pageSize);
  if (end !== 'unclear') return;
  throw new MillraceError(
    'retryable',
    'STREAM_UNAVAILABLE',
    `Stream '${stream}', ${shardId}, answered ${MAX_EMPTY_PAGES} empty pages after ${position.sequenceNumber}, and has not shown its end.`,
    { fix: 'Nothing: it is looked at again.' },
  );
}

/** The first of them; `undefined` where nothing follows. */
export const firstAfter = async (
  streams: StreamPort,
  stream: string,
  shardId: string,
  position: Position,
  start: StartPosition,
): Promise<StreamRecord | undefined> => {
  for await (const record of recordsAfter(streams, stream, shardId, position, start, 1)) return record;
  return undefined;
};

const readStartOf = (position: Position, start: StartPosition): ReadStart => {
  if (position.sequenceNumber !== undefined) return { at: 'after', sequenceNumber: position.sequenceNumber };
  return start === 'trim-horizon' ? { at: start } : { at: 'timestamp', timestampMs: start.timestampMs };
};

/**
 * Requires that nothing lies between the committed position and the first new record of a batch. Sequence numbers have
 * gaps of their own, so only the stream can tell.
 *
 * @throws MillraceError `GAP` where records were skipped, or where they may have expired unseen; `STREAM_UNAVAILABLE`
 *   where the stream shows nothing at all
 */
export const requireContiguous = async (
  streams: StreamPort,
  description: StreamDescription,
  shardId: string,
  position: Position,
  start: StartPosition,
  first: StreamRecord,
  clock: Clock,
): Promise<void> => {
  const found = await firstAfter(streams, description.name, shardId, position, start);
  if (found !== undefined && compareSequenceNumbers(found.sequenceNumber, first.sequenceNumber) < 0) {
    throw gap(
      description.name,
      shardId,
      position,
      `the batch begins at ${first.sequenceNumber}, but ${found.sequenceNumber} comes before it and was never processed`,
    );
  }
  // By the time of the look: the container may have been frozen before it.
  requireWithinRetention(description, shardId, position, clock.nowMs());
  if (found === undefined) {
    throw new MillraceError(
      'retryable',
      'STREAM_UNAVAILABLE',
      `Stream '${description.name}', ${shardId}, shows no record after ${position.sequenceNumber}, though ${first.sequenceNumber} was delivered.`,
      { fix: 'Nothing: the batch is tried again, and read again.' },
    );
  }
};

/**
 * Requires that a shard is closed and read to its end.
 * @throws MillraceError `NOT_DRAINED` where records are left, or may still come
 */
export const requireDrained = async (
  streams: StreamPort,
  stream: string,
  shardId: string,
  position: Position,
  start: StartPosition,
): Promise<void> => {
  const { done, value } = await readAfter(streams, stream, shardId, position, start, 1).next();
  if (done !== true) throw notDrained(stream, shardId, `record ${value.sequenceNumber} is not committed yet`);
  if (value !== 'closed') throw notDrained(stream, shardId, 'it has not shown its end');
};

const notDrained = (stream: string, shardId: string, why: string): MillraceError =>
  new MillraceError(
    'retryable',
    'NOT_DRAINED',
    `Shard ${shardId} of stream '${stream}' has to be processed to its end before its children begin: ${why}.`,
    {
      fix: 'Nothing: the batch is tried again. If it goes on, look at what holds up the parent shard: an error of its own, or a mapping that gave its records up.',
    },
  );

/** Records that the stream took before this instant may be gone. */
export const expiredBeforeMs = ({ retentionMs }: StreamDescription, nowMs: number): number =>
  nowMs - (retentionMs - RETENTION_MARGIN_MS);

/** When it was last known what the shard held after the position. */
const lastSeenMs = ({ arrivalMs, emptyAsOfMs }: Position): number => Math.max(arrivalMs, emptyAsOfMs);

/**
 * Whether records after the position may have expired before anybody saw them. Of a shard that nobody has ever seen,
 * nothing was lost that the job knew of.
 */
export const mayHaveExpired = (description: StreamDescription, position: Position, nowMs: number): boolean => {
  const seenMs = lastSeenMs(position);
  return seenMs > 0 && seenMs < expiredBeforeMs(description, nowMs);
};

/** @throws MillraceError `GAP` where records after the position may have expired before anybody saw them */
export const requireWithinRetention = (
  description: StreamDescription,
  shardId: string,
  position: Position,
  nowMs: number,
): void => {
  if (!mayHaveExpired(description, position, nowMs)) return;
  const { name, retentionMs } = description;
  const unseenMs = nowMs - lastSeenMs(position);
  throw gap(
    name,
    shardId,
    position,
    `records after it may have expired unread: the stream keeps ${retentionMs} ms, and it was last seen ${unseenMs} ms ago`,
  );
};

const gap = (stream: string, shardId: string, position: Position, what: string): MillraceError =>
  new MillraceError(
    'operator',
    'GAP',
    `Records of stream '${stream}', ${shardId}, are missing after ${position.sequenceNumber}: ${what}.`,
    {
      fix: 'Find out who skipped them (a mapping made anew, retries used up, retention passed). What the stream still has is processed if the mapping starts anew before the position; otherwise decide with `millrace skip`. The shard waits.',
      fields: { stream, shardId, position: position.sequenceNumber, seenMs: lastSeenMs(position) },
    },
  );
