import { type HopRow, hopRowBytes } from '../commit/hop-rows.ts';
import type { Rejection, SinkOutput, SinkRow } from '../commit/outbox.ts';
import { getOrAdd } from '../core/get-or-add.ts';
import type { Key } from '../graph/logical-graph.ts';
import { Journal } from '../state/journal.ts';
import type { KeyedState } from '../state/keyed-state.ts';
import { StateOverlay } from '../state/state-overlay.ts';
import { type Floor, watermarkAt } from '../time/floor.ts';

/** What one operator gives to the next. Synchronous; throws `RejectionError` to undo the whole record. */
export type Push = (session: ComputeSession, value: unknown, eventTimeMs: number) => void;

/** An interval of event time, and the accumulators of the records in it. */
export interface Piece {
  readonly startMs: number;
  readonly endMs: number;
  readonly accumulator: unknown[];
}

/** What is combined of one key until the end of the batch. The journal knows of every change in it. */
export interface Combined {
  readonly lp: number;
  readonly keyJson: string;
  pieces: readonly Piece[];
}

/** By key, as the function of the `keyBy` gave it. */
export type CombinedByKey = Map<Key, Combined>;

/**
 * One commit in the making: the overlay over the committed state and everything that the commit will send. Nothing in
 * it is visible before the commit is in the log; thrown away, it leaves no trace.
 */
export class ComputeSession {
  /** What was done since `begin`. Whoever changes something that outlives a record tells it. */
  readonly journal = new Journal();
  readonly state: StateOverlay;
  readonly #watermarkMs: number;
  readonly #floors: readonly Floor[];
  /** Whether rows to the next stage may be aggregated before they are sent. */
  readonly combines: boolean;
  /** The stage's key, while a keyed row or a pane is processed. */
  key: Key | undefined = undefined;
  /** The logical partition being processed; −1 in a stage without keys. */
  lp = -1;
  /** Set while something is processed that has waited: the watermark of when it came. */
  asOfMs: number | undefined = undefined;
  readonly #hops = new Map<string, HopRow[]>();
  readonly #sinks = new Map<string, Omit<SinkRow, 'n' | 'index'>[]>();
  readonly #combined = new Map<string, Map<number, CombinedByKey>>();
  #lastCombined: { readonly edge: string; readonly sliceStartMs: number; readonly byKey: CombinedByKey } | undefined;
  readonly rejections: Rejection[] = [];
  readonly #bytesOf = new Map<number, number>();
  #outputBytes = 0;
  #fullestBytes = 0;
  #externalRows = 0;
  #bytesAtBegin = 0;
  #rowsAtBegin = 0;
  #fullestAtBegin = 0;

  constructor(base: KeyedState, watermarkMs: number, combines = true, floors: readonly Floor[] = []) {
    this.state = new StateOverlay(base, this.journal);
    this.#watermarkMs = watermarkMs;
    this.#floors = floors;
    this.combines = combines;
  }

  /**
   * What decides what is late: the committed watermark of the partition being processed or, for what has waited, the one
   * of when it came.
   */
  get watermarkMs(): number {
    if (this.asOfMs !== undefined) return this.asOfMs;
    return watermarkAt(this.#floors, this.lp, this.#watermarkMs);
  }

  /** Bytes of the rows to stages and sinks, without combined ones that are still to come. */
  get outputBytes(): number {
    return this.#outputBytes;
  }

  /** The most that one logical partition got: it has to fit one packet. */
  get fullestPartitionBytes(): number {
    return this.#fullestBytes;
  }

  get externalRows(): number {
    return this.#externalRows;
  }

  /** Whether nothing was written, sent or rejected. */
  get isEmpty(): boolean {
    return this.state.isEmpty && this.#outputBytes === 0 && this.rejections.length === 0;
  }

  /** From here on, `rollback` returns to this point. */
  begin(): void {
    this.journal.begin();
    this.state.begin();
    this.#bytesAtBegin = this.#outputBytes;
    this.#rowsAtBegin = this.#externalRows;
    this.#fullestAtBegin = this.#fullestBytes;
  }

  rollback(): void {
    this.journal.rollback();
    this.state.rolledBack();
    this.#outputBytes = this.#bytesAtBegin;
    this.#externalRows = this.#rowsAtBegin;
    this.#fullestBytes = this.#fullestAtBegin;
  }

  /** A row for another stage. */
  addHopRow(stage: string, row: HopRow): void {
    this.journal.push(
      getOrAdd(this.#hops, stage, () => []),
      row,
    );
    const { lp } = row;
    const bytes = hopRowBytes(row);
    const inPartition = (this.#bytesOf.get(lp) ?? 0) + bytes;
    this.journal.set(this.#bytesOf, lp, inPartition);
    this.#outputBytes += bytes;
    if (inPartition > this.#fullestBytes) this.#fullestBytes = inPartition;
  }

  /** A row for a sink, encoded by the sink's schema. */
  addSinkRow(sink: string, value: unknown, eventTimeMs: number, bytes: number, partitionKey?: string): void {
    this.journal.push(
      getOrAdd(this.#sinks, sink, () => []),
      { lp: this.lp, value, eventTimeMs, partitionKey },
    );
    this.#outputBytes += bytes;
    this.#externalRows++;
  }

  /** What was combined for an edge in one slice of event time; whatever does not go by slices has one for all. */
  combined(edge: string, sliceStartMs: number): CombinedByKey {
    const last = this.#lastCombined;
    // One record after the other is of the same slice.
    if (last !== undefined && last.sliceStartMs === sliceStartMs && last.edge === edge) return last.byKey;
    const bySlice = getOrAdd(this.#combined, edge, () => new Map<number, CombinedByKey>());
    const byKey = getOrAdd(bySlice, sliceStartMs, () => new Map<Key, Combined>());
    this.#lastCombined = { edge, sliceStartMs, byKey };
    return byKey;
  }

  *allCombined(edge: string): Generator<Combined> {
    for (const byKey of this.#combined.get(edge)?.values() ?? []) yield* byKey.values();
  }

  /** Rows for a stage, ascending by partition and as they came within each. */
  hopRows(stage: string): HopRow[] {
    return [...(this.#hops.get(stage) ?? [])].sort((a, b) => a.lp - b.lp);
  }

  /** Rows in version order: the index in the commit decides between two writes to one row. */
  sinkOutputs(n: number): SinkOutput[] {
    let index = 0;
    return [...this.#sinks]
      .filter(([, rows]) => rows.length > 0)
      .map(([sink, rows]) => ({ sink, rows: rows.map((row) => ({ ...row, n, index: index++ })) }));
  }
}
