import type { ReadPage, StreamPort } from '../../connectors/stream-port.ts';

const nothing: ReadPage = { records: [], behindLatestMs: 0, ended: true };

/** The next page of a shard after a position. A shard whose retention is over has ended. */
export const readAfter = async (
  streams: StreamPort,
  stream: string,
  shardId: string,
  after: string | undefined,
  limit: number,
): Promise<ReadPage> => {
  if (!(await streams.listShards(stream)).some((shard) => shard.shardId === shardId)) return nothing;
  const start = after === undefined ? { at: 'trim-horizon' as const } : { at: 'after' as const, sequenceNumber: after };
  return (await streams.openReader(stream, shardId, start)).next(limit);
};
