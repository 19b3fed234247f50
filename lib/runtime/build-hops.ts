import type { CommittedState } from '../commit/committed-state.ts';
import type { HopOutput } from '../commit/outbox.ts';
import { MAX_WATERMARK_MS, MIN_WATERMARK_MS } from '../time/watermark-strategy.ts';
import type { Piece } from './piece.ts';
import type { ShardPartitions } from './shard-map.ts';

/**
 * What a piece sends to each receiving stage. All partitions are covered when the watermark has moved by a step, so that
 * every receiver learns of it, and by a seal; otherwise only those of shards that get rows.
 */
export const buildHops = (
  state: CommittedState,
  piece: Piece,
  shardsOf: (stage: string) => readonly ShardPartitions[],
  watermarkStepMs: number,
): HopOutput[] =>
  [...state.coverage].flatMap(([stage, coverage]) => {
    const rows = piece.session.hopRows(stage);
    const toAll =
      piece.kind === 'seal' ||
      piece.excluded !== coverage.excluded ||
      isStep(coverage.watermarkMs, piece.watermarkMs, watermarkStepMs);
    if (!toAll && rows.length === 0) return [];
    const last = coverage.lastN.length - 1;
    const ranges = toAll
      ? [[0, last] as const]
      : shardsOf(stage)
          .filter(({ range }) => rows.some(({ lp }) => lp >= range.from && lp <= range.to))
          .map(({ range }) => [range.from, range.to] as const);
    return [
      { stage, watermarkMs: piece.watermarkMs, excluded: piece.excluded, covers: coverage.runsOver(ranges), rows },
    ];
  });

const isStep = (sentMs: number, nowMs: number, stepMs: number): boolean =>
  nowMs > sentMs && (nowMs - sentMs >= stepMs || sentMs === MIN_WATERMARK_MS || nowMs === MAX_WATERMARK_MS);
