import type { Position } from '../commit/commit.ts';
import { compareSequenceNumbers } from '../connectors/sequence-number.ts';
import type { StartPosition } from '../connectors/specs.ts';
import type { ReadStart, StreamDescription, StreamPort, StreamRecord } from '../connectors/stream-port.ts';
import { MillraceError } from '../errors/millrace-error.ts';

/** A page can be empty although records follow. After so many in a row the question is left open for now. */
const MAX_EMPTY_PAGES = 20;

/** Taken off the retention: clocks of the stream and of this machine differ, and records expire late rather than early. */
const RETENTION_MARGIN_MS = 60_000;

/**
 * The first record after a position, read from the stream itself; `undefined` where there is none.
 *
 * @param start where the job began to read, for a task that has no position yet
 * @throws MillraceError `STREAM_UNAVAILABLE` where the stream neither shows a record nor its end
 */
export const firstAfter = async (
  streams: StreamPort,
  stream: string,
  shardId: string,
  position: Position,
  start: StartPosition,
): Promise<StreamRecord | undefined> => {
  const reader = await streams.openReader(stream, shardId, readStartOf(position, start));
  for (let i = 0; i < MAX_EMPTY_PAGES; i++) {
    const page = await reader.next(1);
    if (page.records[0] !== undefined) return page.records[0];
    if (page.ended || page.behindLatestMs === 0) return undefined;
  }
  throw new MillraceError(
    'retryable',
    'STREAM_UNAVAILABLE',
    `Stream '${stream}', ${shardId}, answered ${MAX_EMPTY_PAGES} empty pages after ${position.sequenceNumber}, and has not shown its end.`,
    { fix: 'Nothing: it is looked at again.' },
  );
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
  nowMs: number,
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
  requireWithinRetention(description, shardId, position, nowMs);
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
  const reader = await streams.openReader(stream, shardId, readStartOf(position, start));
  for (let i = 0; i < MAX_EMPTY_PAGES; i++) {
    const page = await reader.next(1);
    if (page.records[0] !== undefined)
      throw notDrained(stream, shardId, `record ${page.records[0].sequenceNumber} is not committed yet`);
    if (page.ended) return;
    if (page.behindLatestMs === 0) break;
  }
  throw notDrained(stream, shardId, 'it has not shown its end');
};

const notDrained = (stream: string, shardId: string, why: string): MillraceError =>
  new MillraceError(
    'retryable',
    'NOT_DRAINED',
    `Shard ${shardId} of stream '${stream}' has to be processed to its end before its children begin: ${why}.`,
    { fix: 'Nothing: the batch is tried again. If it goes on, look at what holds up the parent shard.' },
  );

/** @throws MillraceError `GAP` where records after the position may have expired before anybody saw them */
export const requireWithinRetention = (
  { name, retentionMs }: StreamDescription,
  shardId: string,
  position: Position,
  nowMs: number,
): void => {
  const seenMs = Math.max(position.arrivalMs, position.emptyAsOfMs);
  const unseenMs = nowMs - seenMs;
  // Of a shard that nobody has ever seen, nothing was lost that the job knew of.
  if (seenMs === 0 || unseenMs <= retentionMs - RETENTION_MARGIN_MS) return;
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
      fix: 'Find out who skipped them (a mapping made anew, retries used up, retention passed). The shard waits for a decision.',
      fields: { stream, shardId, position: position.sequenceNumber },
    },
  );
