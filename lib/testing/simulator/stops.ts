import { compareSequenceNumbers } from '../../connectors/sequence-number.ts';
import { MillraceError } from '../../errors/millrace-error.ts';
import type { Ending } from './process.ts';
import { shardName, type World } from './world.ts';

/** What clocks may be wrong by, and what is left of the retention when a shard stops: five minutes and ten. */
const MARGIN_MS = 16 * 60_000;

interface GapFields {
  readonly stream: string;
  readonly shardId: string;
  readonly position: string | undefined;
  readonly seenMs: number;
}

/**
 * Judges a shard that stops because records are missing: it has to where some are, and may only where some are or may be.
 * @returns what is wrong with that, nothing where it is right; `undefined` for any other ending; `'outdated'` where a container
 *   that was frozen speaks of a head that others have long moved on from: it is tried again, and reads the head first
 */
export const judgeStop = async (
  world: World,
  stage: string,
  ending: Ending,
): Promise<readonly string[] | 'outdated' | undefined> => {
  if (ending.kind !== 'failed' || !(ending.error instanceof MillraceError)) return undefined;
  const { code, fields } = ending.error;
  if (code !== 'GAP' && code !== 'LINEAGE_LOST') return undefined;
  if (code === 'LINEAGE_LOST') return world.shortRetention ? [] : undefined;
  const { stream, shardId, position, seenMs } = fields as unknown as GapFields;
  const head = world.monitor.logOf(stage, shardId);
  if (head !== undefined && (head.sequenceNumber !== position || head.seenMs > seenMs)) return 'outdated';
  const oldest = (await world.read(stream, shardId, undefined, 1)).records[0]?.sequenceNumber;
  const next = (world.sent.get(shardName(stream, shardId)) ?? []).find(
    ({ sequenceNumber }) =>
      head?.sequenceNumber === undefined || compareSequenceNumbers(sequenceNumber, head.sequenceNumber) > 0,
  )?.sequenceNumber;
  const isGone = next !== undefined && (oldest === undefined || compareSequenceNumbers(next, oldest) < 0);
  const wasSkipped = [...world.skipped].some((name) => name === `${stage} ${shardName(stream, shardId)}`);
  const { retentionMs } = await world.streams.describe(stream);
  const isUnseen = world.clock.nowMs() - (head?.seenMs ?? 0) > retentionMs - MARGIN_MS;
  return isGone || wasSkipped || isUnseen ? [] : [`${stage} ${shardId} stopped with GAP, and nothing is missing`];
};
