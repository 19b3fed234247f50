/**
 * A table of keyed state: the entries of one stateful operator. Values are plain JSON and never changed in place.
 * Timers are not stored: they follow from the values, so they cannot disagree with them.
 */
export interface StateTable {
  /** The operator's id. */
  readonly id: string;
  /** When the entry has to be looked at (event time), or `undefined` for never. */
  timerMs(value: unknown): number | undefined;
  /** The stage's key that an entry belongs to, as JSON text. Missing where entries have no timers. */
  keyTextOf?(entryKey: string): string;
  /** Its entries are looked at in every commit: a partition that has any is always loaded. */
  readonly watched?: boolean;
}

/** One changed entry; `value` is `undefined` where the entry was deleted. */
export interface EntryChange {
  readonly lp: number;
  readonly table: number;
  readonly key: string;
  readonly value: unknown;
  /** The entry, where whoever computed the change has found it: to find it once more takes longer than to change it. */
  readonly entry?: Entry | undefined;
}

/** An entry in memory: one and the same for as long as it is there. */
export interface Entry {
  /** What it is in; `undefined` when it has gone. Who has kept it asks, before taking it for the entry of that name. */
  table: object | undefined;
  readonly key: string;
  value: unknown;
  /** Memory that it takes, about. */
  bytes: number;
  /** The commit that changed it last; `undefined` where the snapshot holds it as it is. */
  changedBy: number | undefined;
}
