import { MillraceError } from '../errors/millrace-error.ts';
import type { Deadline } from './deadline.ts';
import { LostRaces } from './lost-races.ts';
import { findSkip, type Skip, type SkipRequest, type SkipTask, skipPiece } from './skip.ts';
import type { Task } from './task.ts';

/** What a decision gave up, or would give up. */
export interface SkipSummary {
  /** The last record that was processed before; `undefined` where none was. */
  readonly after: string | undefined;
  /** Records that went to quarantine. In a preview at least so many, where `complete` is false. */
  readonly recordCount: number;
  readonly first: SkippedRecord | undefined;
  readonly last: SkippedRecord | undefined;
  /** Whether others are given up that the stream does not have any more. */
  readonly expired: boolean;
  readonly complete: boolean;
  /** How many commits it took; 0 for a preview. */
  readonly commits: number;
}

export interface SkippedRecord {
  readonly sequenceNumber: string;
  readonly arrivalMs: number;
}

/** Looks at what a request would give up, and writes nothing of it. @throws MillraceError as `findSkip` */
export const previewSkip = async (
  task: Task,
  skipTask: SkipTask,
  request: SkipRequest,
  deadline: Deadline,
): Promise<SkipSummary> => {
  const found: Skip[] = [];
  await task.tryCommit(async (state) => {
    found.push(await findSkip(skipTask, state, request));
    return undefined;
  }, deadline);
  if (found.length === 0) throw hasEnded(skipTask);
  return summarize(found, 0);
};

/**
 * Commits a decision, in as many commits as it takes. Cut short, it has given up a part; the same request goes on.
 * @throws MillraceError as `findSkip`; `LOST_RACE` where the shard is being processed meanwhile
 */
export const runSkip = async (
  task: Task,
  skipTask: SkipTask,
  request: SkipRequest,
  deadline: Deadline,
): Promise<SkipSummary> => {
  const skips: Skip[] = [];
  const races = new LostRaces(skipTask.shardId, 'A shard at work does not wait for a decision. Look at it again.');
  while (skips.at(-1)?.complete !== true) {
    let found: Skip | undefined;
    const committed = await task.tryCommit(async (state) => {
      found = await findSkip(skipTask, state, request);
      return skipPiece(skipTask, state, found, request);
    }, deadline);
    if (found === undefined) throw hasEnded(skipTask);
    if (committed) skips.push(found);
    else races.add();
  }
  return summarize(skips, skips.length);
};

const summarize = (skips: readonly Skip[], commits: number): SkipSummary => {
  const records = skips.flatMap((skip) => skip.records);
  return {
    after: skips[0]?.after,
    recordCount: records.length,
    first: placeOf(records[0]),
    last: placeOf(records.at(-1)),
    expired: skips.some((skip) => skip.expired),
    complete: skips.at(-1)?.complete === true,
    commits,
  };
};

const placeOf = (record: SkippedRecord | undefined): SkippedRecord | undefined =>
  record && { sequenceNumber: record.sequenceNumber, arrivalMs: record.arrivalMs };

const hasEnded = ({ shardId }: SkipTask): MillraceError =>
  new MillraceError('input', 'NOTHING_TO_SKIP', `${shardId} was processed to its end, and its children go on.`, {
    fix: 'Give the shard that waits.',
    fields: { shardId },
  });
