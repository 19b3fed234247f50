import { type Job, type Roster, type RosterStream, rootsOf } from '../commit/job.ts';
import { unitName } from '../commit/log-unit.ts';
import type { StreamPort } from '../connectors/stream-port.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import type { Plan, StagePlan } from '../graph/plan.ts';
import { Ancestry } from './ancestry.ts';

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

/** The shards of a stage's input stream, and how they follow on each other. */
export const ancestryOf = (plan: Plan, { input }: StagePlan, streams: StreamPort, stream: string): Ancestry =>
  new Ancestry(streams, stream, input.kind === 'source' ? undefined : plan.partitions);

/** The tasks that a new job begins with. Shards that follow on others are made known by the seals of their parents. */
export const makeRoster = async (plan: Plan, streams: StreamPort, resolve: ResolveStream): Promise<Roster> => {
  const entries = await Promise.all(
    plan.stages.map(async (stage): Promise<[string, RosterStream]> => {
      const stream = resolve(stage.input.stream);
      const ancestry = ancestryOf(plan, stage, streams, stream);
      const [description] = await Promise.all([streams.describe(stream), ancestry.relist()]);
      return [
        stage.id,
        { stream, createdMs: description.createdMs, shardIds: ancestry.roots.map(({ shardId }) => shardId) },
      ];
    }),
  );
  return Object.fromEntries(entries);
};

/** Unit names of the tasks of the roster that send to a stage. */
export const producersOf = (plan: Plan, job: Job, stageId: string): string[] => {
  const stages = new Set(plan.edges.filter((edge) => edge.toStage === stageId).flatMap((edge) => edge.fromStages));
  return [...stages].flatMap((stage) => rootsOf(job, stage).map(unitName));
};
