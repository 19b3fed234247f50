import { readJob } from '../../lib/commit/job.ts';
import { listQuarantine, type QuarantinedRecord } from '../../lib/runtime/quarantine.ts';
import type { World } from './world.ts';

/** What is in the quarantine of a world's job. */
export const quarantined = async (world: World): Promise<QuarantinedRecord[]> => {
  const job = await readJob(world.items, world.pipeline.name, 1);
  const records: QuarantinedRecord[] = [];
  if (job !== undefined) for await (const record of listQuarantine(world, job)) records.push(record);
  return records;
};
