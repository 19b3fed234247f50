import type { SourceTask } from './compute-source.ts';
import { attemptAgain, type RedriveTask } from './redrive-piece.ts';
import { ownTables } from './task-tables.ts';

/** No key owns the records of a source. Every child of a shard inherits what stands here. */
const NO_PARTITION = -1;

/**
 * Sends quarantined source records through their stage again. They move no watermark and are not combined: what is too
 * late by now comes out of `.late` as it was.
 */
export const sourceRedrive = (task: SourceTask, releaseOnly: boolean): RedriveTask => ({
  limits: task.limits,
  table: ownTables(task.program.tables).redriven,
  lpOf: () => NO_PARTITION,
  begin: (_state, builder) => ({
    redrive: (record) => {
      // Nothing waits for a record without a key.
      if (releaseOnly) return 'kept';
      return attemptAgain(builder, record, () => {
        task.program.source.onRecord(builder.session, Buffer.from(record.payload, 'base64'));
      });
    },
    end: () => undefined,
  }),
});
