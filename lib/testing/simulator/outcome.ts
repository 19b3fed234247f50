import { readJob } from '../../commit/job.ts';
import type { Rejection } from '../../commit/outbox.ts';
import { listQuarantine, type QuarantinedRecord } from '../../runtime/quarantine.ts';
import { shardName, type World } from './world.ts';

/** What a run has left behind, as anybody outside can see it. */
export interface SimulationOutcome {
  /** What the readers of a sink see, as the test driver's `output` gives it. */
  output<T = unknown>(sink: string): readonly T[];
  /** What is in quarantine. */
  readonly rejected: readonly RejectedRecord[];
  /** All that ever was: also what was redriven. */
  readonly everRejected: readonly RejectedRecord[];
  /** Whether an operator may have let keys go on without what was rejected, while it could still be redriven. */
  readonly released: boolean;
  /** What each shard of the sources' streams was sent. */
  readonly inputs: readonly ShardInput[];
}

/** One entry of the quarantine. */
export interface RejectedRecord {
  /** What was rejected: a record as it came, a row or a pane of a keyed stage; or what an operator decided to skip. */
  readonly kind: 'record' | 'row' | 'pane' | 'decision';
  readonly code: string;
  readonly operator: string;
  /** A record's bytes as text; the JSON text of a row or a pane. */
  readonly payload: string;
}

/** The records of one shard, in their order. */
export interface ShardInput {
  readonly stream: string;
  readonly shardId: string;
  /** The shards that this one came from by a split or a merge. They are listed before it. */
  readonly parentShardIds: readonly string[];
  readonly records: readonly Uint8Array[];
}

export const lookAt = async (world: World): Promise<SimulationOutcome> => {
  const { pipeline } = world;
  const inputs: ShardInput[] = [];
  const streams = pipeline.plan.stages.filter(({ input }) => input.kind === 'source').map(({ input }) => input.stream);
  for (const stream of new Set(streams)) {
    for (const { shardId, parentShardIds } of await world.lineageOf(stream)) {
      const records = (world.sent.get(shardName(stream, shardId)) ?? []).map(({ data }) => data);
      inputs.push({ stream, shardId, parentShardIds, records });
    }
  }
  const listed: QuarantinedRecord[] = [];
  const job = await readJob(world.items, pipeline.name, 1);
  if (job !== undefined) for await (const record of listQuarantine(world, job)) listed.push(record);
  const { rejections } = world.monitor;
  rejections.requireListed(listed);
  return {
    output: <T>(sink: string) => world.output(sink) as readonly T[],
    rejected: listed.map(asSeen),
    everRejected: rejections.all.map(asSeen),
    released: world.released,
    inputs,
  };
};

const asSeen = ({ code, operator, payloadKind: kind, payload }: Rejection): RejectedRecord => ({
  kind,
  code,
  operator,
  payload: kind === 'record' ? Buffer.from(payload, 'base64').toString() : payload,
});
