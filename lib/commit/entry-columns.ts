import { type Column, fromColumn, toColumn } from '../core/columns.ts';
import type { EntryChange } from '../state/state-table.ts';

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
  /** Of the entries that are set: a partition, and how many of the next ones are its. */
  partitions: readonly number[],
  values: Column,
  /** Where they are listed. */
  names: readonly string[],
  /** Of the entries that are deleted, likewise. Those are always listed. */
  deletedIn: readonly number[],
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
    const values = fromColumn(column, countOf(partitions));
    forEachPlaced(partitions, (lp, i) => {
      const value = values[i];
      changes.push({
        table,
        lp,
        key: naming === LISTED ? (names[i] as string) : nameOf(naming, value as unknown[]),
        value,
      });
    });
    forEachPlaced(deletedIn, (lp, i) => {
      changes.push({ table, lp, key: deleted[i] as string, value: undefined });
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
      place(this.#deletedIn, lp);
      this.#deleted.push(key);
      return;
    }
    place(this.#partitions, lp);
    this.#values.push(value);
    if (this.#naming === LISTED) this.#names.push(key);
  }

  columns(): ChangeColumns {
    const values = toColumn(this.#values);
    return [this.#table, this.#naming, this.#partitions, values, this.#names, this.#deletedIn, this.#deleted];
  }
}

/** Adds one to the last partition's, or begins with the next one. */
const place = (partitions: number[], lp: number): void => {
  const last = partitions.length - 2;
  if (partitions[last] === lp) (partitions[last + 1] as number)++;
  else partitions.push(lp, 1);
};

const countOf = (partitions: readonly number[]): number => {
  let count = 0;
  for (let i = 1; i < partitions.length; i += 2) count += partitions[i] as number;
  return count;
};

const forEachPlaced = (partitions: readonly number[], each: (lp: number, i: number) => void): void => {
  let at = 0;
  for (let i = 0; i < partitions.length; i += 2)
    for (const end = at + (partitions[i + 1] as number); at < end; at++) each(partitions[i] as number, at);
};

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
