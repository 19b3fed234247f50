import type { Shard } from '../../connectors/stream-port.ts';
import type { Random } from '../../core/random.ts';
import type { Calls } from './calls.ts';
import type { FaultPlan } from './faults.ts';
import type { Gate } from './operation.ts';
import type { Process } from './process.ts';
import type { Reached } from './reached.ts';
import type { World } from './world.ts';

export interface GateOptions {
  readonly world: World;
  readonly random: Random;
  readonly faults: FaultPlan;
  readonly reached: Reached;
  readonly calls: Calls;
  readonly faultShare: number;
}

/** What stands between one process and the world. */
export const makeGate = (options: GateOptions, self: () => Process): Gate => {
  const { world, random, faults, reached, calls, faultShare } = options;
  const { stages } = world.pipeline.plan;
  let oldMaps: boolean | undefined;
  const isOld = (): boolean => {
    oldMaps ??= random.fraction() < 0.15 && faults.allow('stale-shard-map');
    return oldMaps;
  };
  return {
    perform: (operation) => {
      if (operation.name === 'putRecords') reached.put(self().stage, operation.target);
      if (operation.name === 'putBlob') reached.count('blobs in a bucket');
      return calls.perform(self(), operation);
    },
    tears: () => random.fraction() < faultShare && faults.allow('torn-read'),
    asSeen: async (stream, shards) => {
      if (faults.isStopped) return shards;
      const history = world.resharding.before(stream);
      if (history.length > 0)
        return isOld() && random.fraction() < 0.5
          ? (history[Math.floor(random.fraction() * history.length)] as readonly Shard[])
          : shards;
      // A split that never was: nobody may see it who decides by the map who owns a key.
      const own = stages.find(({ id }) => id === self().stage)?.input.stream;
      if (stream === own || stages.some(({ input }) => input.kind === 'source' && input.stream === stream))
        return shards;
      if ((await world.items.get({ pk: `${world.pipeline.plan.pipeline}/1`, sk: 'JOB' })) === undefined) return shards;
      return isOld() ? beforeSplit(shards) : shards;
    },
  };
};

/** As a producer sees a stream that has been split since it looked: the first two shards are one. */
const beforeSplit = (shards: readonly Shard[]): readonly Shard[] => {
  const [first, second, ...others] = [...shards].sort((a, b) => (a.hashStart < b.hashStart ? -1 : 1));
  if (first === undefined || second === undefined) return shards;
  return [{ ...first, hashEnd: second.hashEnd }, ...others];
};
