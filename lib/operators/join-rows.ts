import { jsonSize } from '../core/json-size.ts';
import type { Key } from '../graph/logical-graph.ts';
import type { OverlayWrite } from '../state/state-overlay.ts';
import type { ComputeSession } from './compute-session.ts';
import { firstFree } from './first-free.ts';

/** Which of the joined streams: left or right. */
export type SideTag = 0 | 1;

/** What one commit keeps of a key's records of one side and bucket: when they were, and their values as the repartition brought them. */
export type RowList = readonly [side: SideTag, timesMs: readonly number[], stored: readonly unknown[]];

/** A record by itself, as early releases kept them. */
type SingleRow = readonly [side: SideTag, key: Key, eventTimeMs: number, stored: unknown];

/** What is stored. */
export type JoinEntry = RowList | SingleRow;

/** When one of an entry's records was: all of them are of one bucket. */
export const timeOf = (entry: JoinEntry): number => (entry.length === 4 ? entry[2] : (entry[1][0] as number));

/** A list that this commit has begun. Records are added to it in place, and the journal knows of them. */
interface OpenList {
  readonly timesMs: number[];
  readonly stored: unknown[];
  readonly write: OverlayWrite;
}

/** A key's records of one side and bucket, as far as they were asked for. */
interface Place {
  readonly side: SideTag;
  readonly bucketMs: number;
  lists: readonly RowList[] | undefined;
  open: OpenList | undefined;
}

const none: readonly RowList[] = [];

/** A list of so many characters of JSON gets no more: a value of state may have 4 Mi, and a record 1 Mi. */
const FULL_CHARACTERS = 256 * 1024;

const MAX_ENDS = 10_000;

/**
 * The records of both sides of a join that wait. What a commit adds to a key, side and bucket is one entry, which no later commit
 * changes: `<side>|<bucket>|<index>|<key>`. A bucket is a stretch of event time, and the indexes of a side, bucket and key have no
 * gaps, so that entries are found by name.
 */
export class JoinRows {
  readonly #table: number;
  /** What is thrown away with its commit need not be told so. */
  readonly #sessions = new WeakMap<ComputeSession, Map<string, KeyRows>>();
  /** Where the entries of a side, bucket and key ended when one was added last, for keys with very many. The state decides. */
  readonly #ends = new Map<string, number>();

  constructor(table: number) {
    this.#table = table;
  }

  /** Those of one key. */
  of(session: ComputeSession, keyJson: string): KeyRows {
    let byKey = this.#sessions.get(session);
    if (byKey === undefined) {
      byKey = new Map();
      this.#sessions.set(session, byKey);
    }
    let rows = byKey.get(keyJson);
    if (rows === undefined) {
      rows = new KeyRows(session, this.#table, keyJson, this.#ends);
      byKey.set(keyJson, rows);
    }
    return rows;
  }

  remove(session: ComputeSession, entryKey: string): void {
    session.state.set(session.lp, this.#table, entryKey, undefined);
    this.#sessions.delete(session);
  }
}

/** The records of one key, as the commit being computed sees them: entries are asked for once. */
export class KeyRows {
  readonly #session: ComputeSession;
  readonly #lp: number;
  readonly #table: number;
  readonly #keyJson: string;
  readonly #ends: Map<string, number>;
  readonly #places: Place[] = [];

  constructor(session: ComputeSession, table: number, keyJson: string, ends: Map<string, number>) {
    this.#session = session;
    this.#lp = session.lp;
    this.#table = table;
    this.#keyJson = keyJson;
    this.#ends = ends;
  }

  /** All of a side and bucket. */
  lists(side: SideTag, bucketMs: number): readonly RowList[] {
    const place = this.#placeOf(side, bucketMs);
    // What is read here may have been written by a record that is undone.
    if (place.lists === undefined) this.#session.journal.assign(place, 'lists', this.#read(place));
    return place.lists as readonly RowList[];
  }

  add(side: SideTag, bucketMs: number, eventTimeMs: number, stored: unknown): void {
    const place = this.#placeOf(side, bucketMs);
    const { open } = place;
    if (open === undefined || open.write.characters >= FULL_CHARACTERS) {
      this.#begin(place, eventTimeMs, stored);
      return;
    }
    const { journal, state } = this.#session;
    journal.push(open.timesMs, eventTimeMs);
    journal.push(open.stored, stored);
    state.grow(open.write, jsonSize(eventTimeMs) + jsonSize(stored) + 2);
  }

  #begin(place: Place, eventTimeMs: number, first: unknown): void {
    const { journal, state } = this.#session;
    const end = `${place.side}|${place.bucketMs}|${this.#keyJson}`;
    const index = firstFree((i) => this.#get(place, i) !== undefined, this.#ends.get(end));
    if (this.#ends.size >= MAX_ENDS) this.#ends.clear();
    this.#ends.set(end, index + 1);
    const [timesMs, stored] = [[eventTimeMs], [first]];
    const list: RowList = [place.side, timesMs, stored];
    const write = state.set(this.#lp, this.#table, this.#nameOf(place, index), list);
    journal.assign(place, 'open', { timesMs, stored, write });
    if (place.lists !== undefined) journal.assign(place, 'lists', [...place.lists, list]);
  }

  #placeOf(side: SideTag, bucketMs: number): Place {
    // There are five at most, while the event times of a key are within an interval.
    for (const place of this.#places) if (place.bucketMs === bucketMs && place.side === side) return place;
    const place: Place = { side, bucketMs, lists: undefined, open: undefined };
    this.#places.push(place);
    return place;
  }

  #read(place: Place): readonly RowList[] {
    let entry = this.#get(place, 0);
    if (entry === undefined) return none;
    const lists: RowList[] = [];
    for (let i = 1; entry !== undefined; i++) {
      lists.push(entry.length === 4 ? [entry[0], [entry[2]], [entry[3]]] : entry);
      entry = this.#get(place, i);
    }
    return lists;
  }

  #get(place: Place, index: number): JoinEntry | undefined {
    return this.#session.state.get(this.#lp, this.#table, this.#nameOf(place, index)) as JoinEntry | undefined;
  }

  #nameOf({ side, bucketMs }: Place, index: number): string {
    return `${side}|${bucketMs}|${index}|${this.#keyJson}`;
  }
}
