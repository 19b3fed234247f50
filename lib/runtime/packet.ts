import { decodeChildren, encodeChildren, type StoredChild } from '../commit/body-codec.ts';
import { decodeFrame, encodeFrame } from '../commit/frame.ts';
import {
  decodeHopRows,
  encodeHopRows,
  type HopRow,
  type PartitionRows,
  type StoredHopRows,
} from '../commit/hop-rows.ts';
import type { ChildUnit, CoveredRun } from '../commit/outbox.ts';
import { STATE_FORMAT } from '../commit/registry.ts';
import { MillraceError } from '../errors/millrace-error.ts';

/** What commit n of a producer sends to one shard of a repartition stream, or the part of it that still has to be applied. */
export interface Packet {
  /** The producer's unit name. */
  readonly producer: string;
  readonly n: number;
  readonly watermarkMs: number;
  readonly excluded: boolean;
  /** The deployment of the producer whose layout combined rows have. */
  readonly epoch: number;
  /** Ascending and disjoint. */
  readonly runs: readonly CoveredRun[];
  readonly rows: readonly PartitionRows[];
  /** Who goes on where this packet's commit sealed its producer; otherwise empty. */
  readonly children: readonly ChildUnit[];
}

const MAGIC = [0x4d, 0x52] as const; // "MR"

interface StoredPacket extends StoredHopRows {
  readonly p: string;
  readonly n: number;
  readonly w: number;
  readonly x: 0 | 1;
  /** Missing in the first epoch. */
  readonly e?: number;
  readonly c: [from: number, to: number, prev: number][];
  readonly l?: StoredChild[];
}

export const encodePacket = (packet: Omit<Packet, 'rows'>, rows: readonly HopRow[]): Uint8Array => {
  const text =
    `{"p":${JSON.stringify(packet.producer)},"n":${packet.n},"w":${packet.watermarkMs},"x":${packet.excluded ? 1 : 0},` +
    `${packet.epoch === 1 ? '' : `"e":${packet.epoch},`}` +
    `"c":${JSON.stringify(packet.runs.map((run) => [run.from, run.to, run.prev]))},"r":${encodeHopRows(rows)}` +
    `${packet.children.length === 0 ? '' : `,"l":${JSON.stringify(encodeChildren(packet.children))}`}}`;
  const frame = encodeFrame(text);
  const bytes = new Uint8Array(frame.length + 3);
  bytes.set([...MAGIC, STATE_FORMAT]);
  bytes.set(frame, 3);
  return bytes;
};

/** Whether a record says of itself that it is a packet. One that does may be damaged, but was a packet once. */
export const isPacket = (data: Uint8Array): boolean => data[0] === MAGIC[0] && data[1] === MAGIC[1];

/**
 * An undecodable packet is never a poison record: a producer of ours wrote it, and skipping it would lose rows.
 * @throws MillraceError `CORRUPT_PACKET`, or `STATE_FORMAT_NEWER` where a newer release sent it
 */
export const decodePacket = (data: Uint8Array): Packet => {
  if (!isPacket(data)) throw corruptPacket('it does not begin as a packet does');
  if ((data[2] as number) > STATE_FORMAT) {
    throw new MillraceError(
      'configuration',
      'STATE_FORMAT_NEWER',
      `A packet has format ${data[2]}; this release reads up to ${STATE_FORMAT}.`,
      {
        fix: 'Deploy the consuming stages before the producing ones.',
      },
    );
  }
  try {
    return packetOf(JSON.parse(decodeFrame(data.subarray(3))) as StoredPacket);
  } catch (cause) {
    throw corruptPacket('its content cannot be read', cause);
  }
};

const packetOf = (stored: StoredPacket): Packet => ({
  producer: stored.p,
  n: stored.n,
  watermarkMs: stored.w,
  excluded: stored.x === 1,
  epoch: stored.e ?? 1,
  runs: stored.c.map(([from, to, prev]) => ({ from, to, prev })),
  rows: decodeHopRows(stored),
  children: decodeChildren(stored.l),
});

export const corruptPacket = (why: string, cause?: unknown): MillraceError =>
  new MillraceError(
    'corrupt',
    'CORRUPT_PACKET',
    `A record of a repartition stream is not a packet of this job: ${why}.`,
    {
      fix: 'Only Millrace may write to a repartition stream. Find the other writer, then give its records up with `millrace skip`; the shard waits.',
      cause,
    },
  );
