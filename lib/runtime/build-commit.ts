import type { Commit } from '../commit/commit.ts';
import type { CommittedState } from '../commit/committed-state.ts';
import { buildHops } from './build-hops.ts';
import type { Piece } from './piece.ts';
import type { ShardPartitions } from './shard-map.ts';

interface CommitFrame {
  readonly attemptId: string;
  readonly epoch: number;
  /** The shards of a receiving stage, as far as this container knows. */
  readonly shardsOf: (stage: string) => readonly ShardPartitions[];
  readonly watermarkStepMs: number;
}

/** The commit that follows the state's head with what a piece computed. */
export const buildCommit = (state: CommittedState, piece: Piece, frame: CommitFrame): Commit => {
  const n = state.head.n + 1;
  const { kind, position, watermarkMs, session, marks, excluded, rejections } = piece;
  return {
    header: { n, attemptId: frame.attemptId, epoch: frame.epoch, kind, position, watermarkMs },
    body: {
      changes: [...session.state.changes()],
      marks,
      excluded,
      rejections,
      outbox: {
        hops: buildHops(state, piece, frame.shardsOf, frame.watermarkStepMs),
        sinks: session.sinkOutputs(n),
        rejections: session.rejections,
        children: piece.children ?? [],
      },
    },
  };
};
