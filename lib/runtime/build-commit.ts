import type { Commit } from '../commit/commit.ts';
import type { CommittedState } from '../commit/committed-state.ts';
import { emptyOutbox } from '../commit/outbox.ts';
import { buildHops } from './build-hops.ts';
import type { Piece } from './piece.ts';
import type { ShardPartitions } from './shard-map.ts';

interface CommitFrame {
  readonly attemptId: string;
  /** The shards of a receiving stage, as far as this container knows. */
  readonly shardsOf: (stage: string) => readonly ShardPartitions[];
  readonly watermarkStepMs: number;
}

/** Begins an epoch on a log: nothing but that, so that whoever is of an older one finds it there and ends. */
export const buildUpgrade = ({ head, excluded, epochs }: CommittedState, attemptId: string): Commit => ({
  header: { ...head, n: head.n + 1, attemptId, epoch: epochs.epoch, kind: 'upgrade' },
  // What the old version rejected says nothing of the new one.
  body: { changes: [], marks: [], excluded, rejections: { records: 0, rejected: 0 }, outbox: emptyOutbox },
});

/** The commit that follows the state's head with what a piece computed. */
export const buildCommit = (state: CommittedState, piece: Piece, frame: CommitFrame): Commit => {
  const n = state.head.n + 1;
  const { kind, position, watermarkMs, session, marks, excluded, rejections } = piece;
  return {
    header: { n, attemptId: frame.attemptId, epoch: state.epochs.epoch, kind, position, watermarkMs },
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
