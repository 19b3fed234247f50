import type { CommittedState } from '../commit/committed-state.ts';
import { deaggregate } from '../connectors/kpl/deaggregate.ts';
import type { UserRecord } from '../connectors/kpl/format.ts';
import { withinShard } from '../connectors/kpl/shard-range.ts';
import type { Aggregation } from '../connectors/specs.ts';
import type { Shard, StreamRecord } from '../connectors/stream-port.ts';
import { RejectionError } from '../operators/rejection-error.ts';
import type { SourceProgram, StageProgram } from '../operators/stage-program.ts';
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
  const builder = new PieceBuilder(state, task.limits, combines);
  const { session } = builder;
  let newestMs = Number.MIN_SAFE_INTEGER;
  let taken = 0;
  for (const record of records) {
    if (taken > 0 && builder.isFull) break;
    for (const user of userRecordsOf(task, record)) {
      const origin = () => originOf(task, record, user);
      if (crashed.has(record.sequenceNumber)) {
        builder.reject(
          origin(),
          new RejectionError(
            'CRASH',
            task.program.source.id,
            'the process ended whenever this record was computed: out of memory, or an endless loop',
          ),
        );
        continue;
      }
      let eventTimeMs = newestMs;
      const outcome = builder.attempt(origin, () => {
        eventTimeMs = task.program.source.onRecord(session, user.data);
      });
      if (outcome === 'done' && eventTimeMs > newestMs) newestMs = eventTimeMs;
      if (outcome !== 'overflow' && outcome !== 'blocked') continue;
      // A stream record is atomic, whatever it aggregates: the commit ends before it.
      if (taken > 0) return computeSource(task, state, records.slice(0, taken), crashed, combines);
      if (outcome === 'blocked') throw builder.blockedBy;
      builder.rejectTooLarge(origin(), task.program.source.id);
    }
    taken++;
  }
  if (combines && !builder.flush(task.program)) return computeSource(task, state, records, crashed, false);
  const last = records[taken - 1];
  const before = state.head.position;
  return {
    kind: 'batch',
    session,
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

/** What is needed to take a stream record apart. */
type RecordReader = Pick<SourceTask, 'stage' | 'shard' | 'aggregation'>;

/** The user records of a stream record, as quarantine items name them. */
export const originsOf = (task: RecordReader, record: StreamRecord): RejectionOrigin[] =>
  userRecordsOf(task, record).map((user) => originOf(task, record, user));

type Taken = Pick<UserRecord, 'data' | 'subSequenceNumber'>;

/** The user records that belong to this shard. After a split the KPL sends again what the aggregate of a parent held. */
const userRecordsOf = ({ aggregation, shard }: RecordReader, record: StreamRecord): readonly Taken[] => {
  if (aggregation === 'none') return [{ data: record.data, subSequenceNumber: 0 }];
  const unpacked = deaggregate(record);
  if (unpacked === undefined) return [{ data: record.data, subSequenceNumber: 0 }];
  return aggregation === 'kpl'
    ? unpacked.filter((user) => withinShard(user, shard.hashStart, shard.hashEnd))
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
