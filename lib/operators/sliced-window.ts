import type { Key, WindowNode } from '../graph/logical-graph.ts';
import { firstWindowStartOf, lastWindowStartOf, sliceStartOf } from '../windows/aligned-windows.ts';
import type { AlignedWindows } from '../windows/window-assigner.ts';
import type { Pane } from './aligned-window.ts';
import type { ComputeSession, Push } from './compute-session.ts';
import { type KeySlices, withAdded, withBase, withEnds } from './key-slices.ts';
import type { Accumulators, PaneAggregates } from './pane-aggregates.ts';
import { PaneClosed, type WindowProgram } from './window-program.ts';

/** What a part of a window was aggregated in: a slice, by its number, or `null` for a pane of the window's own. */
type Piece = readonly [slice: number | null, accumulators: Accumulators];

/** A window whose firing threw. */
type DroppedWindow = readonly [key: Key, startMs: number, pieces: readonly Piece[]];

const paneKeyOf = (startMs: number, keyJson: string): string => `${startMs}|${keyJson}`;

/**
 * Windows that overlap, and share what they are made of: a record is added to one slice, and a window merges its slices when it
 * fires (J. Li et al., "No Pane, No Gain", SIGMOD Record 34/1, 2005). One state entry a key, named by it.
 *
 * Panes, as windows that share nothing have them, are read too: earlier releases have stored them here.
 */
export class SlicedWindow implements WindowProgram {
  readonly table: WindowProgram['table'];
  readonly aggregates: PaneAggregates;
  readonly #id: string;
  readonly #assigner: AlignedWindows;
  /** The windows with the slice as the unit of time. */
  readonly #units: AlignedWindows;
  readonly #latenessMs: number;
  readonly #late: Push;
  readonly #table: number;

  constructor(
    { id, assigner, allowedLatenessMs }: WindowNode & { readonly assigner: AlignedWindows },
    aggregates: PaneAggregates,
    late: Push,
    table: number,
  ) {
    this.#id = id;
    this.#assigner = assigner;
    const { kind, sizeMs, slideMs, sliceMs } = assigner;
    this.#units = { kind, sizeMs: sizeMs / sliceMs, slideMs: slideMs / sliceMs, offsetMs: 0, sliceMs: 1 };
    this.#latenessMs = allowedLatenessMs;
    this.aggregates = aggregates;
    this.#late = late;
    this.#table = table;
    this.table = {
      id,
      timerMs: (value) => this.#timerOf(value as KeySlices | Pane),
      // A pane's name begins with a number and a bar, which no key does as JSON.
      keyTextOf: (entryKey) => entryKey.replace(/^-?\d+\|/, ''),
    };
  }

  mapAccumulators(value: unknown, map: (accumulators: Accumulators) => Accumulators): unknown {
    const stored = value as KeySlices | Pane | DroppedWindow;
    switch (stored.length) {
      case 3: {
        const [key, startMs, pieces] = stored;
        return [key, startMs, pieces.map(([at, held]) => [at, map(held)] as const)] satisfies DroppedWindow;
      }
      case 4: {
        const [key, startMs, accumulators, unfired] = stored;
        return [key, startMs, map(accumulators), unfired] satisfies Pane;
      }
      default: {
        const [key, base, offsets, held, next, again] = stored;
        return [key, base, offsets, held.map((accumulators) => map(accumulators)), next, again] satisfies KeySlices;
      }
    }
  }

  onRecord(session: ComputeSession, key: Key, keyJson: string, value: unknown, eventTimeMs: number): void {
    const slice = this.#sliceOf(sliceStartOf(this.#assigner, eventTimeMs));
    if (this.#isClosed(this.#lastEndOf(slice), session.watermarkMs)) this.#late(session, value, eventTimeMs);
    else this.#put(session, key, keyJson, slice, (before) => this.aggregates.add(before, value));
  }

  onPartial(
    session: ComputeSession,
    key: Key,
    keyJson: string,
    startMs: number,
    _endMs: number,
    accumulators: Accumulators,
  ): void {
    const slice = this.#sliceOf(startMs);
    if (this.#isClosed(this.#firstEndOf(slice), session.watermarkMs)) {
      throw new PaneClosed(
        `a combined row of window '${this.#id}' came after its pane was closed: ${startMs} at watermark ${session.watermarkMs}`,
      );
    }
    this.#put(session, key, keyJson, slice, (before) =>
      before === undefined ? accumulators : this.aggregates.merge(before, accumulators),
    );
  }

  onTimer(session: ComputeSession, entryKey: string, watermarkMs: number): void {
    const stored = this.#get(session, entryKey) as KeySlices | Pane;
    const end = this.#dueEndOf(stored);
    if (end === undefined) this.#set(session, entryKey, undefined);
    else this.#fire(session, stored[0], this.#keyJsonOf(entryKey, stored), end, watermarkMs);
  }

  dropDue(session: ComputeSession, entryKey: string, watermarkMs: number): unknown {
    const stored = this.#get(session, entryKey) as KeySlices | Pane;
    const end = this.#dueEndOf(stored) as number;
    const pieces = this.#take(session, this.#keyJsonOf(entryKey, stored), end, watermarkMs);
    return [stored[0], this.#startMsOf(end), pieces] satisfies DroppedWindow;
  }

  restore(session: ComputeSession, keyJson: string, dropped: unknown): string {
    const stored = dropped as DroppedWindow | Pane;
    const [key, startMs] = stored;
    const pieces: readonly Piece[] = stored.length === 4 ? [[null, stored[2]]] : stored[2];
    const entry = this.#get(session, keyJson) as KeySlices | undefined;
    // A slice that is still there holds what it held then, and what came since.
    const known = new Set(entry?.[2].map((offset) => entry[1] + offset));
    const gone = pieces.filter(([slice]) => slice === null || !known.has(slice));
    const entryKey = paneKeyOf(startMs, keyJson);
    const since = this.#get(session, entryKey) as Pane | undefined;
    // Empty where all of it is in slices still: it is there for the firing.
    const accumulators = this.#merge(since === undefined ? gone : [...gone, [null, since[2]]]);
    this.#set(session, entryKey, [key, startMs, accumulators, 1]);
    return entryKey;
  }

  #put(
    session: ComputeSession,
    key: Key,
    keyJson: string,
    slice: number,
    add: (before: Accumulators | undefined) => Accumulators,
  ): void {
    if (this.#isClosed(this.#firstEndOf(slice), session.watermarkMs)) this.#fireClosed(session, key, keyJson);
    const stored = (this.#get(session, keyJson) ?? [key, slice, [], [], 0, []]) as KeySlices;
    const before = withBase(stored, Math.min(stored[1], slice));
    const after = withAdded(before, slice - before[1], add);
    this.#set(session, keyJson, this.#withWindowsOf(slice, after, session.watermarkMs));
  }

  /** Fires what is closed to a record and has not fired: a parent of a reshard was sealed in the middle of firing. */
  #fireClosed(session: ComputeSession, key: Key, keyJson: string): void {
    for (;;) {
      const stored = this.#get(session, keyJson) as KeySlices | undefined;
      const end = stored === undefined ? undefined : this.#dueEndOf(stored);
      if (end === undefined || !this.#isClosed(end, session.watermarkMs)) return;
      this.#fire(session, key, keyJson, end, session.watermarkMs);
    }
  }

  /** The windows of a slice that got a record fire, or fire again where the watermark is past them and they are not closed. */
  #withWindowsOf(slice: number, stored: KeySlices, watermarkMs: number): KeySlices {
    const [key, base, offsets, held, next, again] = stored;
    const late: number[] = [];
    for (let end = this.#firstEndOf(slice); end <= this.#lastEndOf(slice); end += this.#units.slideMs) {
      // From the next one on they fire one after the other.
      if (next !== 0 && next <= end - base) break;
      if (this.#msOf(end) - 1 > watermarkMs) return [key, base, offsets, held, end - base, withEnds(again, late)];
      if (!this.#isClosed(end, watermarkMs)) late.push(end - base);
    }
    return late.length === 0 ? stored : [key, base, offsets, held, next, withEnds(again, late)];
  }

  #fire(session: ComputeSession, key: Key, keyJson: string, end: number, watermarkMs: number): void {
    const accumulators = this.#merge(this.#take(session, keyJson, end, watermarkMs));
    session.key = key;
    this.aggregates.fire(session, key, { startMs: this.#startMsOf(end), endMs: this.#msOf(end) }, accumulators);
  }

  /** Takes a key past a window. @returns what the window is made of */
  #take(session: ComputeSession, keyJson: string, end: number, watermarkMs: number): readonly Piece[] {
    const stored = this.#get(session, keyJson) as KeySlices | undefined;
    const pieces = stored === undefined ? [] : this.#piecesOf(stored, end);
    if (stored !== undefined) this.#set(session, keyJson, this.#after(stored, end, watermarkMs));
    const paneKey = paneKeyOf(this.#startMsOf(end), keyJson);
    const pane = this.#get(session, paneKey) as Pane | undefined;
    if (pane === undefined) return pieces;
    const [key, startMs, accumulators] = pane;
    const isKept = accumulators.length > 0 && !this.#isClosed(end, watermarkMs);
    this.#set(session, paneKey, isKept ? [key, startMs, accumulators, 0] : undefined);
    return accumulators.length > 0 ? [...pieces, [null, accumulators]] : pieces;
  }

  #piecesOf([, base, offsets, held]: KeySlices, end: number): Piece[] {
    const pieces: Piece[] = [];
    for (let i = 0; i < offsets.length; i++) {
      const slice = base + (offsets[i] as number);
      if (slice >= end - this.#units.sizeMs && slice < end) pieces.push([slice, held[i] as Accumulators]);
    }
    return pieces;
  }

  /** What is left of a key after a window; `undefined` where that is nothing. */
  #after([key, base, offsets, held, next, again]: KeySlices, end: number, watermarkMs: number): KeySlices | undefined {
    // Windows fire in order: none before this one waits for a slice.
    let gone = 0;
    while (gone < offsets.length) {
      const lastEnd = this.#lastEndOf(base + (offsets[gone] as number));
      if (lastEnd > end || !this.#isClosed(lastEnd, watermarkMs)) break;
      gone++;
    }
    if (gone === offsets.length) return undefined;
    const [left, leftHeld] = gone === 0 ? [offsets, held] : [offsets.slice(gone), held.slice(gone)];
    const isNext = next === end - base;
    const others = again.length === 0 ? again : again.filter((one) => one !== end - base);
    const after: KeySlices = [key, base, left, leftHeld, isNext ? this.#endAfter(end, base, left) : next, others];
    return withBase(after, base + (left[0] as number));
  }

  /** Where the first window ends, as far after the base, that ends later and has a slice; 0 where there is none. */
  #endAfter(end: number, base: number, offsets: readonly number[]): number {
    const following = offsets.find((offset) => this.#lastEndOf(base + offset) > end);
    if (following === undefined) return 0;
    return Math.max(this.#firstEndOf(base + following), end + this.#units.slideMs) - base;
  }

  #merge(pieces: readonly Piece[]): Accumulators {
    let merged: Accumulators | undefined;
    for (const [, accumulators] of pieces)
      merged = merged === undefined ? accumulators : this.aggregates.merge(merged, accumulators);
    return merged ?? [];
  }

  /** Where the window ends that an entry is due for; `undefined` where it is only to be deleted. */
  #dueEndOf(stored: KeySlices | Pane): number | undefined {
    if (stored.length === 4) return stored[3] === 1 ? this.#sliceOf(stored[1]) + this.#units.sizeMs : undefined;
    // What fires again ends before what is next.
    const end = stored[5][0] ?? stored[4];
    return end === 0 ? undefined : stored[1] + end;
  }

  #timerOf(stored: KeySlices | Pane): number {
    const end = this.#dueEndOf(stored);
    if (end !== undefined) return this.#msOf(end) - 1;
    const lastEnd =
      stored.length === 4
        ? this.#sliceOf(stored[1]) + this.#units.sizeMs
        : this.#lastEndOf(stored[1] + (stored[2].at(-1) as number));
    return this.#msOf(lastEnd) - 1 + this.#latenessMs;
  }

  #isClosed(end: number, watermarkMs: number): boolean {
    return this.#msOf(end) - 1 + this.#latenessMs <= watermarkMs;
  }

  #firstEndOf(slice: number): number {
    return firstWindowStartOf(this.#units, slice) + this.#units.sizeMs;
  }

  #lastEndOf(slice: number): number {
    return lastWindowStartOf(this.#units, slice) + this.#units.sizeMs;
  }

  #sliceOf(startMs: number): number {
    return (startMs - this.#assigner.offsetMs) / this.#assigner.sliceMs;
  }

  #msOf(slice: number): number {
    return this.#assigner.offsetMs + slice * this.#assigner.sliceMs;
  }

  #startMsOf(end: number): number {
    return this.#msOf(end - this.#units.sizeMs);
  }

  #keyJsonOf(entryKey: string, stored: KeySlices | Pane): string {
    return stored.length === 4 ? (this.table.keyTextOf?.(entryKey) as string) : entryKey;
  }

  #get(session: ComputeSession, entryKey: string): unknown {
    return session.state.get(session.lp, this.#table, entryKey);
  }

  #set(session: ComputeSession, entryKey: string, value: KeySlices | Pane | undefined): void {
    session.state.set(session.lp, this.#table, entryKey, value);
  }
}
