import type { CommittedState } from '../commit/committed-state.ts';
import type { StartPosition } from '../connectors/specs.ts';
import type { StreamDescription, StreamPort } from '../connectors/stream-port.ts';
import type { Clock } from '../core/clock.ts';
import type { WatermarkStrategy } from '../time/watermark-strategy.ts';
import { type Piece, restingPiece } from './piece.ts';
import { firstAfter, requireWithinRetention } from './probe.ts';

export interface TickRequest {
  /** The time of the tick, taken before it was sent; ms since the epoch. */
  readonly nowMs: number;
  /** A watermark known from elsewhere, such as the end of a bounded input. */
  readonly watermarkMs?: number;
}

interface TickTask {
  readonly state: CommittedState;
  readonly streams: StreamPort;
  readonly clock: Clock;
  readonly description: StreamDescription;
  readonly shardId: string;
  readonly start: StartPosition;
  readonly strategy: WatermarkStrategy;
  readonly watermarkStepMs: number;
}

/** The knowledge that nothing follows the position is renewed long before the retention makes it worthless. */
const RENEW_SHARE_OF_RETENTION = 1 / 8;

/**
 * What a tick commits for one shard: nothing where records wait (they tell more than a tick does) or where nothing has
 * changed.
 *
 * @throws MillraceError `GAP` where records may have come and expired since anybody looked
 */
export const tickPiece = async (task: TickTask, request: TickRequest): Promise<Piece | undefined> => {
  const { state, description } = task;
  const { position } = state.head;
  if ((await firstAfter(task.streams, description.name, task.shardId, position, task.start)) !== undefined)
    return undefined;
  // Emptiness is evidence only as long as what came since the last look cannot have expired: by the time of this look, which
  // may be hours after the tick was sent.
  requireWithinRetention(description, task.shardId, position, task.clock.nowMs());
  const idle = idleOutcome(task, request);
  const watermarkMs = Math.max(
    state.head.watermarkMs,
    idle.watermarkMs,
    request.watermarkMs ?? Number.MIN_SAFE_INTEGER,
  );
  const moved =
    watermarkMs !== state.head.watermarkMs &&
    (request.watermarkMs !== undefined || watermarkMs - state.head.watermarkMs >= task.watermarkStepMs);
  const stale =
    request.nowMs - Math.max(position.emptyAsOfMs, position.arrivalMs) >
    description.retentionMs * RENEW_SHARE_OF_RETENTION;
  if (!moved && !stale && idle.excluded === state.excluded) return undefined;
  return {
    ...restingPiece(state, 'tick'),
    position: { ...position, emptyAsOfMs: Math.max(position.emptyAsOfMs, request.nowMs) },
    watermarkMs,
    excluded: idle.excluded,
  };
};

const idleOutcome = (
  { state, strategy }: TickTask,
  { nowMs, watermarkMs }: TickRequest,
): { readonly watermarkMs: number; readonly excluded: boolean } => {
  const { idle, boundMs } = strategy;
  // Who knows a watermark has something to say: were all shards excluded, nobody would hear of the end of the input.
  if (watermarkMs !== undefined) return { watermarkMs: state.head.watermarkMs, excluded: false };
  const isIdle = idle !== undefined && nowMs - state.head.position.arrivalMs >= idle.after;
  if (!isIdle) return { watermarkMs: state.head.watermarkMs, excluded: state.excluded };
  if (idle.action === 'exclude') return { watermarkMs: state.head.watermarkMs, excluded: true };
  return { watermarkMs: nowMs - idle.after - boundMs - 1, excluded: state.excluded };
};
