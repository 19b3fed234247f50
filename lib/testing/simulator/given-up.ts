import { compareSequenceNumbers } from '../../connectors/sequence-number.ts';
import { MillraceError } from '../../errors/millrace-error.ts';
import { cursorName, type Mapping } from './mapping.ts';
import type { Ending } from './process.ts';
import type { World } from './world.ts';

export const isNotDrained = (ending: Ending): boolean =>
  ending.kind === 'failed' && ending.error instanceof MillraceError && ending.error.code === 'NOT_DRAINED';

/**
 * Whether the mapping has come to the end of a shard of the stage and has skipped records there that nobody has processed: the
 * shard's children wait for these for ever, in plain sight.
 */
export const hasGivenUp = (world: World, mapping: Mapping, stage: string): boolean =>
  mapping.cursors.some((cursor) => {
    if (cursor.stage !== stage || cursor.after === undefined || !cursor.ended) return false;
    const committed = world.monitor.logOf(stage, cursor.shardId)?.sequenceNumber;
    const isBehind = committed === undefined || compareSequenceNumbers(committed, cursor.after) < 0;
    return isBehind && world.skipped.has(cursorName(cursor));
  });
