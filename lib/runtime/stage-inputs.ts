import { type Job, type Roster, type RosterStream, unitsOf } from '../commit/job.ts';
import { unitName } from '../commit/log-unit.ts';
import type { StreamPort } from '../connectors/stream-port.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import type { Plan, StagePlan } from '../graph/plan.ts';

/** Finds the physical stream behind a logical name. */
export type ResolveStream = (logical: string) => string;

/** @throws MillraceError `UNKNOWN_OPERATOR` */
export const stageOf = (plan: Plan, stageId: string): StagePlan => {
  const stage = plan.stages.find(({ id }) => id === stageId);
  if (stage !== undefined) return stage;
  throw new MillraceError(
    'configuration',
    'UNKNOWN_OPERATOR',
    `Pipeline '${plan.pipeline}' has no stage '${stageId}'; it has ${plan.stages.map(({ id }) => `'${id}'`).join(', ')}.`,
    {
      fix: 'Deploy the function with one of these as its stage.',
    },
  );
};

/** Lists the shards of every stage's stream: the tasks that a new job consists of. */
export const makeRoster = async (plan: Plan, streams: StreamPort, resolve: ResolveStream): Promise<Roster> => {
  const entries = await Promise.all(
    plan.stages.map(async (stage): Promise<[string, RosterStream]> => {
      const stream = resolve(stage.input.stream);
      const [description, shards] = await Promise.all([streams.describe(stream), streams.listShards(stream)]);
      const closed = shards.find((shard) => !shard.open);
      if (closed !== undefined) throw reshardNotSupported(stream, closed.shardId);
      return [stage.id, { stream, createdMs: description.createdMs, shardIds: shards.map(({ shardId }) => shardId) }];
    }),
  );
  return Object.fromEntries(entries);
};

/** Unit names of all tasks that send to a stage. */
export const producersOf = (plan: Plan, job: Job, stageId: string): string[] => {
  const stages = new Set(plan.edges.filter((edge) => edge.toStage === stageId).flatMap((edge) => edge.fromStages));
  return [...stages].flatMap((stage) => unitsOf(job, stage).map(unitName));
};

export const reshardNotSupported = (stream: string, shardId: string): MillraceError =>
  new MillraceError(
    'operator',
    'RESHARD_NOT_SUPPORTED',
    `Stream '${stream}' was resharded (${shardId}); this release runs on the shards that a job began with.`,
    {
      fix: 'Start the job with a new state table on a stream whose closed shards have expired, and keep its shard count.',
      fields: { stream, shardId },
    },
  );
