import type { KeyByNode, WindowNode } from '../graph/logical-graph.ts';
import { firstWindowStartOf, sliceStartOf } from '../windows/aligned-windows.ts';
import { mergeSession, replaceSessions } from '../windows/merge-session.ts';
import type { AlignedWindows, SessionWindows } from '../windows/window-assigner.ts';
import type { ComputeSession, Piece, Push } from './compute-session.ts';
import { keyText, partitionOfKey } from './key-of.ts';
import type { PaneAggregates } from './pane-aggregates.ts';
import { checkRowSize, type EdgeTarget, keyOf } from './repartition.ts';

/** Puts one record into the partial aggregates of its key; false where it has to travel as it is. */
type Combine = (
  session: ComputeSession,
  edge: string,
  lp: number,
  keyJson: string,
  value: unknown,
  eventTimeMs: number,
) => boolean;

/**
 * Aggregates before the hop, so that a hot key costs a row a batch and not a row a record. Only records whose panes are
 * open under the watermark that this task has *already committed* are combined: the receiver's watermark cannot be
 * ahead of it, so no combined row is late. All others go through `raw`, so that late records arrive as they were.
 */
export const compileCombine = (
  node: KeyByNode,
  window: WindowNode,
  aggregates: PaneAggregates,
  target: EdgeTarget,
  raw: Push,
): Push => {
  const combine =
    window.assigner.kind === 'session'
      ? combineSessions(window.assigner, window.allowedLatenessMs, aggregates)
      : combineSlices(window.assigner, window.allowedLatenessMs, aggregates);
  return (session, value, eventTimeMs) => {
    const keyJson = keyText(node.id, keyOf(node, value));
    const lp = partitionOfKey(keyJson, target.partitions);
    if (!session.combines || !combine(session, node.id, lp, keyJson, value, eventTimeMs))
      raw(session, value, eventTimeMs);
  };
};

/** At the end of the batch: one row for each key and slice, or key and session. */
export const flushCombined = (node: KeyByNode, target: EdgeTarget) => (session: ComputeSession) => {
  for (const { lp, keyJson, pieces } of session.partials(node.id)) {
    for (const { startMs, endMs, accumulator } of pieces) {
      const row = `[${target.edgeIndex},${startMs},${keyJson},${JSON.stringify(accumulator)},${endMs}]`;
      session.addHopRow(target.stage, lp, checkRowSize(node.id, row));
    }
  }
};

const combineSlices =
  (assigner: AlignedWindows, latenessMs: number, aggregates: PaneAggregates): Combine =>
  (session, edge, lp, keyJson, value, eventTimeMs) => {
    const oldestMs = firstWindowStartOf(assigner, eventTimeMs);
    if (oldestMs + assigner.sizeMs - 1 + latenessMs <= session.watermarkMs) return false;
    const startMs = sliceStartOf(assigner, eventTimeMs);
    const id = `${startMs}|${keyJson}`;
    const accumulator = aggregates.add(session.partial(edge, id)?.pieces[0]?.accumulator, value);
    session.setPartial(edge, id, {
      lp,
      keyJson,
      pieces: [{ startMs, endMs: startMs + assigner.sliceMs, accumulator }],
    });
    return true;
  };

const combineSessions =
  ({ gapMs }: SessionWindows, latenessMs: number, aggregates: PaneAggregates): Combine =>
  (session, edge, lp, keyJson, value, eventTimeMs) => {
    const endMs = eventTimeMs + gapMs;
    if (endMs - 1 + latenessMs <= session.watermarkMs) return false;
    const before: readonly Piece[] = session.partial(edge, keyJson)?.pieces ?? [];
    const merged = mergeSession(before, eventTimeMs, endMs, aggregates.add(undefined, value), (left, right) =>
      aggregates.merge(left, right),
    );
    session.setPartial(edge, keyJson, { lp, keyJson, pieces: replaceSessions(before, merged) });
    return true;
  };
