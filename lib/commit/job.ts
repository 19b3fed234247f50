import { MillraceError } from '../errors/millrace-error.ts';
import type { AttributeValue, Item, ItemStore } from '../state/item-store.ts';
import { pagesOf } from '../state/pages.ts';
import type { JobEpoch } from '../state/state-layout.ts';
import { decodeFrame, encodeFrame } from './frame.ts';
import type { LogUnit } from './log-unit.ts';
import { checkFormat, STATE_FORMAT } from './registry.ts';

/** A stream's shards as the job found them at genesis, without those that follow on others. */
export interface RosterStream {
  /** The physical stream. */
  readonly stream: string;
  readonly createdMs: number;
  readonly shardIds: readonly string[];
}

/** The tasks that the job began with, by stage: fixed, so that a shard that was never heard of holds the watermark. */
export type Roster = Readonly<Record<string, RosterStream>>;

/** The job item: which plan runs, under which epoch, over which shards. */
export interface Job {
  readonly name: string;
  readonly incarnation: number;
  /** Grows with every deployment. */
  readonly epoch: number;
  readonly planHash: string;
  readonly roster: Roster;
  /** The plan's document; missing where a release made the job that did not keep it. */
  readonly plan: unknown;
  /** All deployments so far, ascending: how to read what each of them has written. */
  readonly epochs: readonly JobEpoch[];
}

/** The plan that a container or a deployment brings along. */
export interface OwnPlan {
  /** Its document: JSON with the hash that names it. */
  readonly plan: { readonly hash: string };
  /** The epoch that a job begins with under this plan. */
  readonly first: JobEpoch;
}

/**
 * Reads the job item, or writes it where there is none: by one conditional put, so that all containers of all stages
 * see one roster.
 *
 * @param makeRoster lists the shards of all streams; called only where there is no job item
 * @throws MillraceError `TABLE_OF_ANOTHER_JOB`, `STATE_FORMAT_NEWER`, `PLAN_MISMATCH`
 */
export const openJob = async (
  items: ItemStore,
  name: string,
  incarnation: number,
  own: OwnPlan,
  makeRoster: () => Promise<Roster>,
): Promise<Job> => {
  const found = await items.get(jobKey(name, incarnation));
  const job =
    found === undefined
      ? await createJob(items, name, incarnation, own, makeRoster)
      : decodeJob(found, name, incarnation);
  const planHash = own.plan.hash;
  // A job whose epochs were not kept has had one, and this is its plan.
  if (job.planHash === planHash) return job.epochs.length > 0 ? job : { ...job, epochs: [own.first] };
  throw new MillraceError(
    'configuration',
    'PLAN_MISMATCH',
    `The state table holds job '${name}' with plan ${job.planHash}; this code's plan is ${planHash}.`,
    {
      fix: 'Deploy this plan with millrace upgrade, which tells whether it can go on with the state; or deploy the code of the plan that runs.',
      fields: { stored: job.planHash, deployed: planHash },
    },
  );
};

/** Reads the job item. @throws MillraceError `TABLE_OF_ANOTHER_JOB`, `STATE_FORMAT_NEWER` */
export const readJob = async (items: ItemStore, name: string, incarnation: number): Promise<Job | undefined> => {
  const found = await items.get(jobKey(name, incarnation));
  return found === undefined ? undefined : decodeJob(found, name, incarnation);
};

/** The job whose state a table holds; `undefined` where it holds none. @throws MillraceError `STATE_FORMAT_NEWER` */
export const ownerOf = async (items: ItemStore): Promise<string | undefined> => {
  const found = await items.get(tableKey);
  if (found === undefined) return undefined;
  checkFormat(found.f, 'the state table');
  return found.job as string;
};

/** A stage's task on a shard. @throws Error for a stage that the job does not have */
export const unitOf = (job: Job, stage: string, shardId: string): LogUnit => {
  const roster = job.roster[stage];
  if (roster === undefined) throw new Error(`job '${job.name}' has no stage '${stage}'`);
  const { stream, createdMs: streamCreatedMs } = roster;
  return { job: job.name, incarnation: job.incarnation, stage, stream, streamCreatedMs, shardId };
};

/** The tasks that a stage began with. */
export const rootsOf = (job: Job, stage: string): LogUnit[] =>
  (job.roster[stage]?.shardIds ?? []).map((shardId) => unitOf(job, stage, shardId));

/** All tasks that a stage has had: those it began with, and those that followed on them. */
export const unitsOf = async (items: ItemStore, job: Job, stage: string): Promise<LogUnit[]> => {
  const units = rootsOf(job, stage);
  const { pk } = jobKey(job.name, job.incarnation);
  const prefix = childSortKey(stage, '');
  for await (const page of pagesOf(items, { pk, from: prefix, to: `${prefix}~`, limit: 1_000 })) {
    for (const { sk } of page) units.push(unitOf(job, stage, sk.slice(prefix.length)));
  }
  return units;
};

/** Puts a task on record that follows on others, before its log is made: tools that walk over all tasks find it here. */
export const recordChild = async (items: ItemStore, job: Job, stage: string, shardId: string): Promise<void> => {
  await items.put(
    { pk: jobKey(job.name, job.incarnation).pk, sk: childSortKey(stage, shardId), f: STATE_FORMAT },
    { kind: 'none' },
  );
};

const childSortKey = (stage: string, shardId: string): string => `TASK#${stage}#${shardId}`;

const tableKey = { pk: '@millrace', sk: 'TABLE' } as const;

const jobKey = (name: string, incarnation: number) => ({ pk: `${name}/${incarnation}`, sk: 'JOB' });

const createJob = async (
  items: ItemStore,
  name: string,
  incarnation: number,
  { plan, first }: OwnPlan,
  makeRoster: () => Promise<Roster>,
): Promise<Job> => {
  await claimTable(items, name);
  const { epoch, planHash } = first;
  const job: Job = { name, incarnation, epoch, planHash, roster: await makeRoster(), plan, epochs: [first] };
  const put = await items.put(encodeJob(job), { kind: 'absent' });
  return put.applied || put.existing === undefined ? job : decodeJob(put.existing, name, incarnation);
};

/** A state table belongs to one job: roles, alarms and backups are per table. */
const claimTable = async (items: ItemStore, name: string): Promise<void> => {
  const put = await items.put({ ...tableKey, f: STATE_FORMAT, job: name }, { kind: 'absent' });
  if (put.applied || put.existing === undefined) return;
  checkFormat(put.existing.f, 'the state table');
  if (put.existing.job !== name) throw tableOfAnotherJob(put.existing.job as string, name);
};

export const tableOfAnotherJob = (owner: string, job: string): MillraceError =>
  new MillraceError(
    'configuration',
    'TABLE_OF_ANOTHER_JOB',
    `The state table belongs to job '${owner}', not to '${job}'.`,
    { fix: 'Give every pipeline a state table of its own.', fields: { owner, job } },
  );

/**
 * Makes `next` the epoch that runs, if the one of `job` still does.
 * @returns false where another deployment was first
 */
export const moveJob = async (items: ItemStore, job: Job, plan: unknown, next: JobEpoch): Promise<boolean> => {
  const { epoch, planHash } = next;
  const moved: Job = { ...job, epoch, planHash, plan, epochs: [...job.epochs, next] };
  const put = await items.put(encodeJob(moved), { kind: 'equals', attribute: 'e', value: job.epoch });
  // The SDK repeats a put whose answer was lost; the repeat finds the first one's own epoch.
  return put.applied || (put.existing?.e === epoch && put.existing.h === planHash);
};

const encodeJob = ({ name, incarnation, epoch, planHash, roster, plan, epochs }: Job): Item => {
  const item: Record<string, AttributeValue> = {
    ...jobKey(name, incarnation),
    f: STATE_FORMAT,
    e: epoch,
    h: planHash,
    r: JSON.stringify(roster),
    l: encodeFrame(JSON.stringify(epochs)),
  };
  if (plan !== undefined) item.p = encodeFrame(JSON.stringify(plan));
  return item as Item;
};

const decodeJob = (item: Item, name: string, incarnation: number): Job => {
  checkFormat(item.f, `job '${name}'`);
  return {
    name,
    incarnation,
    epoch: item.e as number,
    planHash: item.h as string,
    roster: JSON.parse(item.r as string) as Roster,
    // Large, and read by deployments only.
    get plan() {
      return item.p === undefined ? undefined : JSON.parse(decodeFrame(item.p as Uint8Array));
    },
    epochs: item.l === undefined ? [] : (JSON.parse(decodeFrame(item.l as Uint8Array)) as JobEpoch[]),
  };
};
