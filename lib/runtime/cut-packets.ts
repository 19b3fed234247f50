import type { CoveredRun, HopRows } from '../commit/outbox.ts';
import type { PutEntry } from '../connectors/stream-port.ts';
import { encodePacket, type Packet } from './packet.ts';
import { explicitHashKeyOf, type ShardPartitions } from './shard-map.ts';

/** Content of one packet before compression. With it a packet fits a record of 1 MiB, whatever it holds. */
const MAX_PACKET_BYTES = 900 * 1024;

/** What is sent: a hop of a commit's outbox, or a part of somebody's packet that is relayed. */
export interface PacketContent extends Omit<Packet, 'rows'> {
  readonly rows: readonly HopRows[];
}

/**
 * Cuts what a commit sends to a stream into packets: by the shards as they are now, and by size, always between logical
 * partitions. However it is cut, the identity of what arrives at a partition is the same.
 */
export const cutPackets = (
  content: PacketContent,
  shards: readonly ShardPartitions[],
  partitions: number,
): PutEntry[] =>
  shards.flatMap(({ range }) => {
    const runs = intersect(content.runs, range.from, range.to);
    if (runs.length === 0) return [];
    const rows = content.rows.filter(({ lp }) => lp >= range.from && lp <= range.to);
    return cutBySize(runs, rows).map((part) => ({
      data: encodePacket({ ...content, runs: part.runs }, part.rows),
      partitionKey: String((part.runs[0] as CoveredRun).from),
      explicitHashKey: explicitHashKeyOf((part.runs[0] as CoveredRun).from, partitions),
    }));
  });

/** The parts of runs that lie in `from … to`. */
export const intersect = (runs: readonly CoveredRun[], from: number, to: number): CoveredRun[] =>
  runs.flatMap((run) => {
    const first = Math.max(run.from, from);
    const last = Math.min(run.to, to);
    return first <= last ? [{ from: first, to: last, prev: run.prev }] : [];
  });

const cutBySize = (runs: readonly CoveredRun[], rows: readonly HopRows[]) => {
  const parts: { runs: CoveredRun[]; rows: readonly HopRows[] }[] = [];
  let group: HopRows[] = [];
  let bytes = 0;
  let from = 0;
  const close = (to: number) => {
    const covered = intersect(runs, from, to);
    if (covered.length > 0) parts.push({ runs: covered, rows: group });
    group = [];
    bytes = 0;
    from = to + 1;
  };
  for (const entry of rows) {
    const size = entry.rows.reduce((sum, row) => sum + Buffer.byteLength(row) + 1, 0);
    if (bytes > 0 && bytes + size > MAX_PACKET_BYTES) close(entry.lp - 1);
    group.push(entry);
    bytes += size;
  }
  close(Number.MAX_SAFE_INTEGER);
  return parts;
};
