import { decodeChildren, encodeChildren, type StoredChild } from '../commit/body-codec.ts';
import type { PartitionRows } from '../commit/hop-rows.ts';
import type { CoveredRun } from '../commit/outbox.ts';
import type { StreamRecord } from '../connectors/stream-port.ts';
import type { KeyedState } from '../state/keyed-state.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Packet } from './packet.ts';

/**
 * A run of a packet that came before the one it follows, kept in state until that one arrives. It happens when a packet
 * was relayed from a shard that no longer owned its partitions, and when a child is faster than the seals of its parents.
 */
export type Hold = readonly [
  producer: string,
  n: number,
  watermarkMs: number,
  excluded: 0 | 1,
  run: readonly [from: number, to: number, prev: number],
  rows: readonly (readonly [lp: number, rows: PartitionRows['rows']])[],
  /** Missing in holds that were written before it was kept. */
  arrival?: readonly [sequenceNumber: string, arrivalMs: number],
  children?: readonly StoredChild[],
  /** The packet's epoch; missing in the first. */
  epoch?: number,
];

/** The record of the repartition stream that brought a packet: named in quarantine. */
export type Arrival = Pick<StreamRecord, 'sequenceNumber' | 'arrivalMs'>;

/** The table of holds follows the tables of a keyed stage's operators. */
export const holdTable: StateTable = { id: '@holds', timerMs: () => undefined, watched: true };

/** More than this many held runs mean that something is lost or stuck upstream. */
export const MAX_HOLDS = 10_000;

export const holdKey = (packet: Packet, run: CoveredRun): string =>
  `${packet.producer}|${packet.n}|${run.from}-${run.to}`;

export const encodeHold = (packet: Packet, run: CoveredRun, arrival: Arrival): Hold => {
  const { producer, n, watermarkMs, excluded, children, epoch } = packet;
  const rows = packet.rows
    .filter(({ lp }) => lp >= run.from && lp <= run.to)
    .map(({ lp, rows: list }) => [lp, list] as const);
  const { sequenceNumber, arrivalMs } = arrival;
  const hold = [
    producer,
    n,
    watermarkMs,
    excluded ? 1 : 0,
    [run.from, run.to, run.prev],
    rows,
    [sequenceNumber, arrivalMs],
  ] as const;
  if (epoch > 1) return [...hold, encodeChildren(children), epoch];
  return children.length === 0 ? hold : [...hold, encodeChildren(children)];
};

/** What waits, in the order of commits. Partitions that have holds are always loaded. */
export const committedHolds = (keyed: KeyedState, table: number): Map<string, Hold> => {
  const holds = new Map<string, Hold>();
  for (const { entries } of keyed.having(table)) for (const [key, hold] of entries) holds.set(key, hold as Hold);
  return new Map([...holds].sort(([, a], [, b]) => a[1] - b[1]));
};

/** The hold as the packet it is a part of. */
export const decodeHold = ([
  producer,
  n,
  watermarkMs,
  excluded,
  [from, to, prev],
  rows,
  ,
  children,
  epoch = 1,
]: Hold): Packet => ({
  producer,
  n,
  watermarkMs,
  excluded: excluded === 1,
  epoch,
  runs: [{ from, to, prev }],
  rows: rows.map(([lp, list]) => ({ lp, rows: list })),
  children: decodeChildren(children),
});

export const arrivalOf = ([, , , , , , arrival = ['', 0]]: Hold): Arrival => ({
  sequenceNumber: arrival[0],
  arrivalMs: arrival[1],
});
