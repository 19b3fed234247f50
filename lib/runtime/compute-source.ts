import type { CommittedState } from '../commit/committed-state.ts';
import { deaggregate } from '../connectors/kpl/deaggregate.ts';
import type { UserRecord } from '../connectors/kpl/format.ts';
import { withinShard } from '../connectors/kpl/shard-range.ts';
import type { Aggregation } from '../connectors/specs.ts';
import type { RecordData, Shard, StreamRecord } from '../connectors/stream-port.ts';
import { RejectionError } from '../operators/rejection-error.ts';
import type { SourceProgram, StageProgram } from '../operators/stage-program.ts';
import { NOT_PARSED, ParsedAhead } from './parsed-ahead.ts';
import { type Piece, PieceBuilder, type PieceLimits, type RejectionOrigin } from './piece.ts';

export interface SourceTask {
  readonly stage: string;
  readonly shard: Shard;
  readonly program: StageProgram & { readonly source: SourceProgram };
  readonly aggregation: Aggregation;
  readonly boundMs: number;
  readonly limits: PieceLimits;
}

/** Decodes records of a source stream and runs them through the stage's operators, up to the bounds of a commit. */
export const computeSource = (
  task: SourceTask,
  state: CommittedState,
  records: readonly StreamRecord[],
  crashed: ReadonlySet<string>,
  combines = true,
): Piece => {
  const computing = new SourceComputing(task, state, crashed, combines);
  const { builder } = computing;
  const isCrashed = (index: number) => crashed.size > 0 && crashed.has(records[index]!.sequenceNumber);
  const ahead = new ParsedAhead(task.program.source.batch, records, isCrashed);
  let taken = 0;
  for (; taken < records.length; taken++) {
    if (taken > 0 && builder.isFull) break;
    // A stream record is atomic, whatever it aggregates: the commit ends before it.
    if (!computing.take(records[taken]!, ahead.at(taken), taken === 0))
      return computeSource(task, state, records.slice(0, taken), crashed, combines);
  }
  if (combines && !builder.flush(task.program)) return computeSource(task, state, records, crashed, false);
  const { newestMs } = computing;
  const last = records[taken - 1];
  const before = state.head.position;
  return {
    kind: 'batch',
    session: builder.session,
    position:
      last === undefined ? before : { ...before, sequenceNumber: last.sequenceNumber, arrivalMs: last.arrivalMs },
    // No later record may be as old as this without being late.
    watermarkMs: Math.max(
      state.head.watermarkMs,
      newestMs === Number.MIN_SAFE_INTEGER ? newestMs : newestMs - task.boundMs - 1,
    ),
    excluded: false,
    marks: [],
    rejections: builder.rejections,
    relays: [],
    recordCount: taken,
  };
};

/** The record at work is in fields, so that nothing has to be made for each: a batch has thousands, and this is the hot path. */
class SourceComputing {
  readonly #task: SourceTask;
  readonly #crashed: ReadonlySet<string>;
  readonly #run: () => void;
  readonly #origin: () => RejectionOrigin;
  readonly builder: PieceBuilder;
  #record: StreamRecord | undefined;
  #user: RecordData = { data: new Uint8Array() };
  #subSequenceNumber = 0;
  #parsed: unknown = NOT_PARSED;
  #eventTimeMs = 0;
  newestMs = Number.MIN_SAFE_INTEGER;

  constructor(task: SourceTask, state: CommittedState, crashed: ReadonlySet<string>, combines: boolean) {
    this.#task = task;
    this.#crashed = crashed;
    this.builder = new PieceBuilder(state, task.limits, combines);
    const { session } = this.builder;
    const { source } = task.program;
    this.#run = () => {
      this.#eventTimeMs =
        this.#parsed === NOT_PARSED
          ? source.onRecord(session, this.#user.data)
          : source.onParsed(session, this.#parsed);
    };
    this.#origin = () => {
      const user = { data: this.#user.data, subSequenceNumber: this.#subSequenceNumber };
      return originOf(task, this.#record as StreamRecord, user);
    };
  }

  /**
   * False where it does not fit this commit, or asks for a retry, and others come before it.
   * @param parsed its value, where that is known already: then it aggregates nothing, as no aggregate is JSON
   */
  take(record: StreamRecord, parsed: unknown, isFirst: boolean): boolean {
    this.#record = record;
    const users = parsed === NOT_PARSED ? userRecordsOf(this.#task, record) : undefined;
    if (users === undefined) return this.#takeOne(record, 0, parsed, isFirst);
    const ahead = new ParsedAhead(this.#task.program.source.batch, users, () => this.#isCrashed);
    for (let i = 0; i < users.length; i++) {
      const user = users[i]!;
      if (!this.#takeOne(user, user.subSequenceNumber, ahead.at(i), isFirst)) return false;
    }
    return true;
  }

  get #isCrashed(): boolean {
    return this.#crashed.size > 0 && this.#crashed.has((this.#record as StreamRecord).sequenceNumber);
  }

  #takeOne(user: RecordData, subSequenceNumber: number, parsed: unknown, isFirst: boolean): boolean {
    const { builder } = this;
    const { id } = this.#task.program.source;
    this.#user = user;
    this.#subSequenceNumber = subSequenceNumber;
    this.#parsed = parsed;
    if (this.#isCrashed) {
      const why = 'the process ended whenever this record was computed: out of memory, or an endless loop';
      builder.reject(this.#origin(), new RejectionError('CRASH', id, why));
      return true;
    }
    const outcome = builder.attempt(this.#origin, this.#run);
    if (outcome === 'done' && this.#eventTimeMs > this.newestMs) this.newestMs = this.#eventTimeMs;
    if (outcome !== 'overflow' && outcome !== 'blocked') return true;
    if (!isFirst) return false;
    if (outcome === 'blocked') throw builder.blockedBy;
    builder.rejectTooLarge(this.#origin(), id);
    return true;
  }
}

/** What is needed to take a stream record apart. */
type RecordReader = Pick<SourceTask, 'stage' | 'shard' | 'aggregation'>;

/** The user records of a stream record, as quarantine items name them. */
export const originsOf = (task: RecordReader, record: StreamRecord): RejectionOrigin[] =>
  (userRecordsOf(task, record) ?? [{ data: record.data, subSequenceNumber: 0 }]).map((user) =>
    originOf(task, record, user),
  );

type Taken = Pick<UserRecord, 'data' | 'subSequenceNumber'>;

/**
 * The user records of an aggregate that belong to this shard: after a split the KPL sends again what the aggregate of a parent
 * held. `undefined` where the record is none, and so itself the user's.
 */
const userRecordsOf = ({ aggregation, shard }: RecordReader, record: StreamRecord): readonly Taken[] | undefined => {
  if (aggregation === 'none') return undefined;
  const unpacked = deaggregate(record);
  return aggregation === 'kpl'
    ? unpacked?.filter((user) => withinShard(user, shard.hashStart, shard.hashEnd))
    : unpacked;
};

const originOf = (task: RecordReader, record: StreamRecord, user: Taken) => ({
  stage: task.stage,
  shardId: task.shard.shardId,
  sequenceNumber: record.sequenceNumber,
  subSequenceNumber: user.subSequenceNumber,
  arrivalMs: record.arrivalMs,
  payloadKind: 'record' as const,
  payload: Buffer.from(user.data).toString('base64'),
});
