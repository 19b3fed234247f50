import type { LocalDeployment, Shard } from 'millrace/local';

/** A change of a stream's shards in the middle of the traffic, of which nobody is told. */
export interface PlannedReshard {
  /** When, as a share of the traffic's time. */
  readonly at: number;
  readonly stream: string;
  readonly change: 'split' | 'merge' | 'double';
}

/** Each stream in each way: what an operator does by hand, and what on-demand mode does by itself. */
export const plannedReshards: readonly PlannedReshard[] = [
  { at: 0.1, stream: 'orders', change: 'split' },
  { at: 0.24, stream: 'revenue-by-province', change: 'split' },
  { at: 0.38, stream: 'orders', change: 'merge' },
  { at: 0.52, stream: 'revenue-by-province', change: 'merge' },
  { at: 0.66, stream: 'orders', change: 'double' },
  { at: 0.8, stream: 'revenue-by-province', change: 'double' },
];

/** @returns what happened, in words */
export const reshard = async (deployment: LocalDeployment, { stream, change }: PlannedReshard): Promise<string> => {
  const before = await openShards(deployment, stream);
  await make(deployment, stream, change, before);
  const after = await openShards(deployment, stream);
  const closed = names(before.filter(({ shardId }) => !after.some((shard) => shard.shardId === shardId)));
  const opened = names(after.filter(({ shardId }) => !before.some((shard) => shard.shardId === shardId)));
  return `↔ Stream ${stream} ${words[change]}: ${closed} closed, ${opened} opened. Nobody was told.`;
};

const words = {
  split: 'split a shard',
  merge: 'merged two shards',
  double: 'was scaled to twice its shards',
} as const;

const make = async (
  deployment: LocalDeployment,
  stream: string,
  change: PlannedReshard['change'],
  open: readonly Shard[],
): Promise<void> => {
  const [first, second] = open as [Shard, Shard];
  if (change === 'split') await deployment.splitShard(stream, first.shardId);
  else if (change === 'merge') await deployment.mergeShards(stream, first.shardId, second.shardId);
  else await deployment.updateShardCount(stream, open.length * 2);
};

/** In the order of their hash ranges: neighbours can be merged. */
const openShards = async (deployment: LocalDeployment, stream: string): Promise<Shard[]> =>
  (await deployment.listShards(stream)).filter(({ open }) => open).sort((a, b) => (a.hashStart < b.hashStart ? -1 : 1));

/** shardId-000000000012 as 12. */
export const shortShardId = (shardId: string): string => String(Number(shardId.slice('shardId-'.length)));

const names = (shards: readonly Shard[]): string => shards.map(({ shardId }) => shortShardId(shardId)).join(', ');
