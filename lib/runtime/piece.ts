import type { CommitKind, MarkChange, Position, RejectionCount } from '../commit/commit.ts';
import type { CommittedState } from '../commit/committed-state.ts';
import type { ChildUnit, Rejection } from '../commit/outbox.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import { ComputeSession } from '../operators/compute-session.ts';
import { RejectionError } from '../operators/rejection-error.ts';
import type { StageProgram } from '../operators/stage-program.ts';
import { MAX_VALUE_CHARACTERS } from '../state/state-overlay.ts';
import type { EntryChange, StateTable } from '../state/state-table.ts';
import type { PacketContent } from './cut-packets.ts';

/** Bounds of one commit. An invocation makes as many as it takes. */
export interface PieceLimits {
  /** JSON of all rows to other stages, and about that of state changes. */
  readonly outputBytes: number;
  /** Rows of one logical partition: past this no further record is taken. */
  readonly partitionBytes: number;
  /** Rows of one logical partition: a record that passes this is undone, as they have to fit one packet. */
  readonly maxPartitionBytes: number;
  /** Rows to sinks. */
  readonly externalRows: number;
  /** Due timers. */
  readonly timers: number;
}

export const defaultPieceLimits: PieceLimits = {
  outputBytes: 4 * 1024 * 1024,
  partitionBytes: 600 * 1024,
  maxPartitionBytes: 880 * 1024,
  externalRows: 1_000,
  timers: 10_000,
};

/** A commit, computed but not written. */
export interface Piece {
  readonly kind: CommitKind;
  readonly session: ComputeSession;
  readonly position: Position;
  readonly watermarkMs: number;
  readonly excluded: boolean;
  readonly marks: readonly MarkChange[];
  readonly rejections: RejectionCount;
  /** Parts of packets that belong to other shards: sent on before the commit. */
  readonly relays: readonly PacketContent[];
  readonly recordCount: number;
  /** A seal's: the tasks that go on. */
  readonly children?: readonly ChildUnit[];
}

/** A commit that takes in no record and moves nothing: what a tick, a seal or a repair begins with. */
export const restingPiece = (
  state: CommittedState,
  kind: CommitKind,
  session = new ComputeSession(state.keyed, state.head.watermarkMs),
): Piece => ({
  kind,
  session,
  position: state.head.position,
  watermarkMs: state.head.watermarkMs,
  excluded: state.excluded,
  marks: [],
  rejections: state.rejections,
  relays: [],
  recordCount: 0,
});

/** Where a rejected record, row or pane came from. */
export type RejectionOrigin = Omit<Rejection, 'code' | 'message' | 'path' | 'operator'>;

/** The count of rejections starts anew after so many records, so that old ones do not hide a bad deploy. */
const COUNT_RECORDS = 10_000;

/** What the computing of a piece adds to: the session, and how many records it took and rejected. */
export class PieceBuilder {
  readonly session: ComputeSession;
  readonly #limits: PieceLimits;
  readonly #tables: readonly StateTable[];
  readonly #recordsBefore: number;
  #records: number;
  #rejected: number;
  #blockedBy: MillraceError | undefined;

  constructor(state: CommittedState, limits: PieceLimits, combines: boolean) {
    this.session = new ComputeSession(state.keyed, state.head.watermarkMs, combines, state.floors);
    this.#limits = limits;
    this.#tables = state.keyed.tables;
    const carried = state.rejections.records < COUNT_RECORDS ? state.rejections : { records: 0, rejected: 0 };
    this.#recordsBefore = carried.records;
    this.#records = carried.records;
    this.#rejected = carried.rejected;
  }

  get isFull(): boolean {
    const { session } = this;
    return (
      session.externalRows >= this.#limits.externalRows ||
      session.outputBytes + session.state.bytes >= this.#limits.outputBytes ||
      session.fullestPartitionBytes >= this.#limits.partitionBytes
    );
  }

  /** What the last blocked attempt has thrown. */
  get blockedBy(): MillraceError {
    if (this.#blockedBy === undefined) throw new Error('nothing is blocked');
    return this.#blockedBy;
  }

  /** Whether anything was processed yet, or rejected: a commit is worth making. */
  get hasWork(): boolean {
    return this.#records > this.#recordsBefore;
  }

  get rejections(): RejectionCount {
    return { records: this.#records, rejected: this.#rejected };
  }

  /**
   * Runs user code. `rejected`: it threw, all it did is undone and the record is kept for quarantine. `overflow`: what it
   * sends does not fit this commit any more, and is undone. `blocked`: it asks for a retry, and is undone; the commit
   * ends before it, and where nothing comes before it the batch fails with `blockedBy`.
   */
  attempt(origin: () => RejectionOrigin, run: () => void): 'done' | 'rejected' | 'overflow' | 'blocked' {
    this.session.begin();
    try {
      run();
    } catch (error) {
      if (error instanceof MillraceError && error.code === 'USER_RETRYABLE') {
        this.session.rollback();
        this.#blockedBy = error;
        return 'blocked';
      }
      if (!(error instanceof RejectionError)) throw error;
      this.session.rollback();
      this.reject(origin(), error);
      return 'rejected';
    }
    const { tooLarge } = this.session.state;
    if (tooLarge !== undefined) {
      this.session.rollback();
      this.reject(origin(), stateTooLarge(this.#tables, tooLarge.change, tooLarge.characters));
      return 'rejected';
    }
    if (this.session.fullestPartitionBytes > this.#limits.maxPartitionBytes) {
      this.session.rollback();
      return 'overflow';
    }
    this.#records++;
    return 'done';
  }

  /** As `attempt`. What does not fit, or asks for a retry, is left for the next commit, unless this one has nothing else. */
  attemptOrLeave(origin: () => RejectionOrigin, operator: string, run: () => void): 'done' | 'rejected' | 'later' {
    const outcome = this.attempt(origin, run);
    if (outcome === 'done' || outcome === 'rejected') return outcome;
    if (this.hasWork) return 'later';
    if (outcome === 'blocked') throw this.blockedBy;
    this.rejectTooLarge(origin(), operator);
    return 'rejected';
  }

  /**
   * Sends what was combined. False where that does not fit: a combined row is no record's own and cannot be rejected, so
   * the piece has to be computed again without combining.
   */
  flush(program: StageProgram): boolean {
    try {
      program.flush(this.session);
    } catch (error) {
      if (error instanceof RejectionError) return false;
      throw error;
    }
    return this.session.fullestPartitionBytes <= this.#limits.maxPartitionBytes;
  }

  /** For what overflows even a commit of its own. */
  rejectTooLarge(origin: RejectionOrigin, operator: string): void {
    const limit = this.#limits.maxPartitionBytes;
    this.reject(
      origin,
      new RejectionError(
        'TOO_LARGE',
        operator,
        `it sends more than ${limit} bytes to one key partition of the next stage`,
      ),
    );
  }

  reject(origin: RejectionOrigin, error: RejectionError): void {
    this.#records++;
    this.#rejected++;
    this.session.rejections.push({
      ...origin,
      code: error.code,
      message: error.message,
      path: error.path,
      operator: error.operator,
    });
  }
}

const stateTooLarge = (tables: readonly StateTable[], { table, key }: EntryChange, characters: number) => {
  const { id, keyTextOf } = tables[table] as StateTable;
  const keyText = (keyTextOf?.(key) ?? key).slice(0, 100);
  return new RejectionError(
    'STATE_TOO_LARGE',
    id,
    `what is stored for key ${keyText} would be about ${characters} characters of JSON, and at most ${MAX_VALUE_CHARACTERS} may be: let the aggregate keep less of each record, or make windows or keys smaller`,
  );
};
