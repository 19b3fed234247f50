import { type Column, fromColumn, toColumn } from '../core/columns.ts';
import type { EntryChange } from '../state/state-table.ts';
import { countOne, forEachPartition, type PartitionCounts, totalOf } from './partition-counts.ts';

/** How entries' names are kept: as they are, or not, where they follow from the value. */
const LISTED = 0;
/** `<key as JSON>`, the key being first in the value. */
const BY_KEY = 1;
/** `<start>|<key as JSON>`, the start being second. */
const BY_START_AND_KEY = 2;
const NAMINGS = 3;

/** Changes of one table, by how their names are kept. */
type ChangeColumns = readonly [
  table: number,
  naming: number,
  /** Of the entries that are set. */
  partitions: PartitionCounts,
  values: Column,
  /** Where they are listed. */
  names: readonly string[],
  /** Of the entries that are deleted, likewise. Those are always listed. */
  deletedIn: PartitionCounts,
  deleted: readonly string[],
];

/** As releases before columns wrote them; a deletion has no value. */
type StoredChange = readonly [table: number, lp: number, key: string, value?: unknown];

/** Where changes are, in a body or in a section of a snapshot, which was nothing but the list before. */
export interface StoredChanges {
  readonly e?: readonly ChangeColumns[];
  readonly c?: readonly StoredChange[];
}

/** Changes as JSON text, table by table. No entry is changed twice, so their order says nothing. */
export const encodeChanges = (changes: readonly EntryChange[]): string => {
  const groups = new Map<number, Group>();
  for (const change of changes) {
    const naming = change.value === undefined ? LISTED : namingOf(change.key, change.value);
    const id = change.table * NAMINGS + naming;
    let group = groups.get(id);
    if (group === undefined) {
      group = new Group(change.table, naming);
      groups.set(id, group);
    }
    group.add(change);
  }
  return JSON.stringify([...groups.values()].map((group) => group.columns()));
};

export const decodeChanges = ({ e, c }: StoredChanges): EntryChange[] => {
  const changes: EntryChange[] = [];
  for (const [table, lp, key, value] of c ?? []) changes.push({ table, lp, key, value });
  for (const [table, naming, partitions, column, names, deletedIn, deleted] of e ?? []) {
    const values = fromColumn(column, totalOf(partitions));
    forEachPartition(partitions, (lp, from, to) => {
      for (let i = from; i < to; i++) {
        const value = values[i];
        const key = naming === LISTED ? (names[i] as string) : nameOf(naming, value as unknown[]);
        changes.push({ table, lp, key, value });
      }
    });
    forEachPartition(deletedIn, (lp, from, to) => {
      for (const key of deleted.slice(from, to)) changes.push({ table, lp, key, value: undefined });
    });
  }
  return changes;
};

/** Entries of a partition, as a section of a snapshot holds them. */
export const encodeEntries = (entries: readonly EntryChange[]): string => `{"e":${encodeChanges(entries)}}`;

/** @throws Error where it is no section */
export const decodeEntries = (text: string): EntryChange[] => {
  const stored = JSON.parse(text) as StoredChanges | readonly StoredChange[];
  return decodeChanges('length' in stored ? { c: stored } : stored);
};

class Group {
  readonly #table: number;
  readonly #naming: number;
  readonly #partitions: number[] = [];
  readonly #values: unknown[] = [];
  readonly #names: string[] = [];
  readonly #deletedIn: number[] = [];
  readonly #deleted: string[] = [];

  constructor(table: number, naming: number) {
    this.#table = table;
    this.#naming = naming;
  }

  add({ lp, key, value }: EntryChange): void {
    if (value === undefined) {
      countOne(this.#deletedIn, lp);
      this.#deleted.push(key);
      return;
    }
    countOne(this.#partitions, lp);
    this.#values.push(value);
    if (this.#naming === LISTED) this.#names.push(key);
  }

  columns(): ChangeColumns {
    const values = toColumn(this.#values);
    return [this.#table, this.#naming, this.#partitions, values, this.#names, this.#deletedIn, this.#deleted];
  }
}

/** A name is left out only where it is seen to follow: nobody has to promise how a table names its entries. */
const namingOf = (name: string, value: unknown): number => {
  if (!Array.isArray(value) || typeof value[0] === 'object') return LISTED;
  const keyJson = JSON.stringify(value[0]);
  if (name === keyJson) return BY_KEY;
  return typeof value[1] === 'number' && isByStart(name, String(value[1]), keyJson) ? BY_START_AND_KEY : LISTED;
};

/** Whether it is `byStart`'s, without making that: an image of a partition has thousands of names. */
const isByStart = (name: string, start: string, keyJson: string): boolean =>
  name.length === start.length + 1 + keyJson.length &&
  name[start.length] === '|' &&
  name.startsWith(start) &&
  name.endsWith(keyJson);

const nameOf = (naming: number, value: readonly unknown[]): string => {
  const keyJson = JSON.stringify(value[0]);
  return naming === BY_KEY ? keyJson : byStart(value[1] as number, keyJson);
};

const byStart = (startMs: number, keyJson: string): string => `${startMs}|${keyJson}`;
