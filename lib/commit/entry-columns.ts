import { type Column, fromColumn, toColumn } from '../core/columns.ts';
import { ColumnRows } from '../state/column-rows.ts';
import { LISTED, NAMINGS, nameOf, namingOf } from '../state/entry-names.ts';
import type { EntryChange } from '../state/state-table.ts';
import type { TableLayer } from '../state/stored-entries.ts';
import { countOne, forEachPartition, type PartitionCounts, totalOf } from './partition-counts.ts';

/** Changes of one table, by how their names are kept. */
export type ChangeColumns = readonly [
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

/** Changes as JSON text. */
export const encodeChanges = (changes: Iterable<EntryChange>): string => JSON.stringify(toChangeColumns(changes));

/** Table by table. No entry is changed twice, so their order says nothing. */
export const toChangeColumns = (changes: Iterable<EntryChange>): readonly ChangeColumns[] => {
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
  return [...groups.values()].map((group) => group.columns());
};

export const decodeChanges = ({ e, c }: StoredChanges): EntryChange[] => {
  const changes: EntryChange[] = [];
  for (const [table, lp, key, value] of c ?? []) changes.push({ table, lp, key, value });
  for (const [table, naming, partitions, column, names, deletedIn, deleted] of e ?? []) {
    const values = fromColumn(column, totalOf(partitions));
    forEachPartition(partitions, (lp, from, to) => {
      for (let i = from; i < to; i++) {
        const value = values[i];
        const key =
          naming === LISTED ? (names[i] as string) : nameOf(naming, (value as unknown[])[0], (value as unknown[])[1]);
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
export const encodeEntries = (columns: readonly ChangeColumns[]): string => `{"e":${JSON.stringify(columns)}}`;

/** @throws Error where it is no section */
export const parseEntries = (text: string): StoredChanges => {
  const stored = JSON.parse(text) as StoredChanges | readonly StoredChange[];
  return 'length' in stored ? { c: stored } : stored;
};

/** All entries of a table in a partition, as changes that set them. */
export const toSetColumns = (
  lp: number,
  table: number,
  { naming, count, values, names }: ColumnRows,
): ChangeColumns => [table, naming, [lp, count], values, names, [], []];

/** Entries of a partition, left in their columns: by table, in the order in which they count. */
export const toLayers = (columns: readonly ChangeColumns[]): TableLayer[] =>
  columns.map(([table, naming, partitions, values, names, , deleted]) => [
    table,
    { rows: new ColumnRows(naming, values, names, totalOf(partitions)), deleted },
  ]);

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
