import { type HopRow, hopRowBytes } from '../commit/hop-rows.ts';
import type { CoveredRun } from '../commit/outbox.ts';
import type { PutEntry } from '../connectors/stream-port.ts';
import { encodePacket, type Packet } from './packet.ts';
import { explicitHashKeyOf, type ShardPartitions } from './shard-map.ts';

/** Content of one packet before compression. With it a packet fits a record of 1 MiB, whatever it holds. */
const MAX_PACKET_BYTES = 900 * 1024;

/** What is sent: a hop of a commit's outbox, or a part of somebody's packet that is relayed. */
export interface PacketContent extends Omit<Packet, 'rows'> {
  readonly rows: readonly HopRow[];
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
    return cutBySize(runs, rowsIn(content.rows, range.from, range.to)).map((part) => ({
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

/** The rows of partitions `from … to`. */
const rowsIn = (rows: readonly HopRow[], from: number, to: number): readonly HopRow[] => {
  const isAll = rows.length === 0 || ((rows[0] as HopRow).lp >= from && (rows.at(-1) as HopRow).lp <= to);
  return isAll ? rows : rows.filter(({ lp }) => lp >= from && lp <= to);
};

const cutBySize = (runs: readonly CoveredRun[], rows: readonly HopRow[]) => {
  const parts: { runs: CoveredRun[]; rows: readonly HopRow[] }[] = [];
  let from = 0;
  let first = 0;
  let bytes = 0;
  const close = (to: number, end: number) => {
    const covered = intersect(runs, from, to);
    // As a whole where it is: its text is known then.
    if (covered.length > 0)
      parts.push({ runs: covered, rows: first === 0 && end === rows.length ? rows : rows.slice(first, end) });
    from = to + 1;
    first = end;
    bytes = 0;
  };
  for (let at = 0; at < rows.length; ) {
    const { lp } = rows[at] as HopRow;
    let end = at;
    let size = 0;
    for (; rows[end]?.lp === lp; end++) size += hopRowBytes(rows[end] as HopRow);
    if (bytes > 0 && bytes + size > MAX_PACKET_BYTES) close(lp - 1, at);
    bytes += size;
    at = end;
  }
  close(Number.MAX_SAFE_INTEGER, rows.length);
  return parts;
};
