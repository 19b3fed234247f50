import type { CommittedState } from '../commit/committed-state.ts';
import type { StoredRow } from '../commit/hop-rows.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import type { StateTable } from '../state/state-table.ts';
import type { Arrival } from './hold-table.ts';
import type { KeyedTask } from './keyed-task.ts';
import type { PieceBuilder } from './piece.ts';
import { quarantineId } from './quarantine.ts';
import { ownTables } from './task-tables.ts';

/** A key whose rows and panes wait, as stored. */
export type ParkedKey = readonly [
  /** The quarantined row or pane that they wait for; empty while they are being released. */
  blocker: string,
  /** What was late, when it was rejected. */
  watermarkMs: number,
  /** The rows that wait, by their numbers: `first … next − 1`. */
  first: number,
  next: number,
];

/** A row that waits, as stored: what was late when it came, and the record that brought it. */
export type WaitingRow = readonly [
  row: StoredRow,
  watermarkMs: number,
  sequenceNumber: string,
  arrivalMs: number,
  /** Of the packet that it came in; missing in the first. */
  epoch?: number,
];

/** More rows than this behind one rejected record are a key that nobody looks after. */
export const MAX_WAITING_ROWS = 10_000;

/** A row's key as text. */
export const keyTextOf = (row: StoredRow): string => JSON.stringify(row[2]);

/** What a key waits for, as committed; empty while its rows are released. Its partition has to be loaded. */
export const blockerIn = (
  { keyed }: CommittedState,
  operators: readonly StateTable[],
  lp: number,
  keyText: string,
): string | undefined => (keyed.get(lp, ownTables(operators).parked, entryOf(keyText)) as ParkedKey | undefined)?.[0];

/**
 * The parked keys as the commit being computed sees them. Whether a key is parked follows from the state alone, so that
 * an option that is switched off strands nobody.
 */
export class Parking {
  readonly #task: KeyedTask;
  readonly #state: CommittedState;
  readonly #builder: PieceBuilder;
  readonly #table: number;

  constructor(task: KeyedTask, state: CommittedState, builder: PieceBuilder) {
    this.#task = task;
    this.#state = state;
    this.#builder = builder;
    this.#table = ownTables(task.program.tables).parked;
  }

  /** Whether any key of the partition is or was parked: keys need not be spelt out where none is. */
  mayHold(lp: number): boolean {
    return (
      (this.#state.keyed.partitions.get(lp)?.tables[this.#table]?.size ?? 0) > 0 ||
      this.#builder.session.state.written(this.#table).size > 0
    );
  }

  get(lp: number, keyText: string): ParkedKey | undefined {
    return this.mayHold(lp)
      ? (this.#builder.session.state.get(lp, this.#table, entryOf(keyText)) as ParkedKey | undefined)
      : undefined;
  }

  set(lp: number, keyText: string, parked: ParkedKey | undefined): void {
    this.#builder.session.state.set(lp, this.#table, entryOf(keyText), parked);
  }

  /** Parks the key of what was rejected last, if the pipeline asks for it. */
  park(lp: number, keyText: string, watermarkMs: number): void {
    if (this.#task.parks) this.set(lp, keyText, [this.lastRejected, watermarkMs, 0, 0]);
  }

  /** The quarantine item of the last rejection. */
  get lastRejected(): string {
    return quarantineId({
      unit: this.#task.unit,
      n: this.#state.head.n + 1,
      index: this.#builder.session.rejections.length - 1,
    });
  }

  /** @throws MillraceError `PARKED_LIMIT` */
  wait(lp: number, keyText: string, row: StoredRow, arrival: Arrival, epoch: number): void {
    const { session } = this.#builder;
    const [blocker, watermarkMs, first, next] = this.get(lp, keyText) as ParkedKey;
    if (next - first >= MAX_WAITING_ROWS) throw tooManyWaiting(this.#task, keyText, blocker);
    session.lp = lp;
    const { sequenceNumber, arrivalMs } = arrival;
    const waiting = [row, session.watermarkMs, sequenceNumber, arrivalMs] as const;
    session.state.set(lp, this.#table, rowEntryOf(keyText, next), epoch === 1 ? waiting : [...waiting, epoch]);
    this.set(lp, keyText, [blocker, watermarkMs, first, next + 1]);
  }

  /** The item that the key waits for is another one now. */
  moveBlocker(lp: number, keyText: string): void {
    const [, watermarkMs, first, next] = this.get(lp, keyText) as ParkedKey;
    this.set(lp, keyText, [this.lastRejected, watermarkMs, first, next]);
  }

  waitingRow(lp: number, keyText: string, index: number): WaitingRow {
    return this.#builder.session.state.get(lp, this.#table, rowEntryOf(keyText, index)) as WaitingRow;
  }

  removeRow(lp: number, keyText: string, index: number): void {
    this.#builder.session.state.set(lp, this.#table, rowEntryOf(keyText, index), undefined);
  }

  /** Keys whose release has begun and did not fit one commit. */
  *beingReleased(): Generator<{ readonly lp: number; readonly keyText: string }> {
    for (const { lp, entries } of this.#state.keyed.having(this.#table)) {
      // All names first: whoever releases looks entries up.
      for (const entry of [...entries.keys()].filter(isKeyEntry)) {
        const [blocker] = entries.get(entry) as ParkedKey;
        if (blocker === '') yield { lp, keyText: entry.slice(KEY.length) };
      }
    }
  }
}

const KEY = 'K|';
/** Whether an entry is a key that waits; the others are rows. */
export const isKeyEntry = (entry: string): boolean => entry.startsWith(KEY);
const entryOf = (keyText: string): string => `${KEY}${keyText}`;
const rowEntryOf = (keyText: string, index: number): string => `R|${keyText}|${index}`;

const tooManyWaiting = (task: KeyedTask, keyText: string, blocker: string): MillraceError =>
  new MillraceError(
    'operator',
    'PARKED_LIMIT',
    `${MAX_WAITING_ROWS} rows of key ${keyText.slice(0, 100)} wait in stage '${task.stage}' behind a rejected one.`,
    {
      fix: `Redrive or release it: millrace redrive --id '${blocker}'. The shard waits.`,
      fields: { stage: task.stage, shardId: task.shardId, limit: MAX_WAITING_ROWS, blocker },
    },
  );
