import type { Key, KeyByNode, WindowNode } from '../graph/logical-graph.ts';
import { firstWindowStartOf, sliceStartOf } from '../windows/aligned-windows.ts';
import { mergeSession, replaceSessions } from '../windows/merge-session.ts';
import type { AlignedWindows, SessionWindows } from '../windows/window-assigner.ts';
import type { Combined, ComputeSession, Push } from './compute-session.ts';
import { keyText, partitionOfKey } from './key-of.ts';
import type { PaneAggregates } from './pane-aggregates.ts';
import { checkRowSize, type EdgeTarget, keyOf } from './repartition.ts';

/** Puts one record into what is combined of its key; false where it has to travel as it is. */
type Combine = (session: ComputeSession, key: Key, value: unknown, eventTimeMs: number) => boolean;

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
  // A key is turned to text and placed once for each slice of a batch, and not once for each record.
  const begin = (key: Key): Combined => {
    const keyJson = keyText(node.id, key);
    return { lp: partitionOfKey(keyJson, target.partitions), keyJson, pieces: [] };
  };
  const combine =
    window.assigner.kind === 'session'
      ? combineSessions(node.id, window.assigner, window.allowedLatenessMs, aggregates, begin)
      : combineSlices(node.id, window.assigner, window.allowedLatenessMs, aggregates, begin);
  return (session, value, eventTimeMs) => {
    if (!session.combines || !combine(session, keyOf(node, value), value, eventTimeMs))
      raw(session, value, eventTimeMs);
  };
};

/** At the end of the batch: one row for each key and slice, or key and session. */
export const flushCombined = (node: KeyByNode, target: EdgeTarget) => (session: ComputeSession) => {
  for (const { lp, keyJson, pieces } of session.allCombined(node.id)) {
    for (const { startMs, endMs, accumulator } of pieces) {
      const valueJson = accumulatorText(accumulator);
      const row = { lp, edge: target.edgeIndex, timeMs: startMs, keyJson, valueJson, endMs };
      session.addHopRow(target.stage, checkRowSize(node.id, row));
    }
  }
};

/** What `JSON.stringify` writes, which takes four times as long for the few numbers that most accumulators are. */
const accumulatorText = (accumulator: readonly unknown[]): string => {
  let text = '[';
  for (let i = 0; i < accumulator.length; i++) {
    const part = accumulator[i];
    if (!Number.isFinite(part)) return JSON.stringify(accumulator);
    text += i === 0 ? part : `,${part}`;
  }
  return `${text}]`;
};

const combineSlices =
  (
    edge: string,
    assigner: AlignedWindows,
    latenessMs: number,
    aggregates: PaneAggregates,
    begin: (key: Key) => Combined,
  ): Combine =>
  (session, key, value, eventTimeMs) => {
    const oldestMs = firstWindowStartOf(assigner, eventTimeMs);
    if (oldestMs + assigner.sizeMs - 1 + latenessMs <= session.watermarkMs) return false;
    const startMs = sliceStartOf(assigner, eventTimeMs);
    const byKey = session.combined(edge, startMs);
    const piece = byKey.get(key)?.pieces[0];
    if (piece !== undefined) {
      aggregates.addTo(session.journal, piece.accumulator, value);
      return true;
    }
    const { lp, keyJson } = begin(key);
    const first = { startMs, endMs: startMs + assigner.sliceMs, accumulator: aggregates.add(undefined, value) };
    session.journal.set(byKey, key, { lp, keyJson, pieces: [first] });
    return true;
  };

const combineSessions =
  (
    edge: string,
    { gapMs }: SessionWindows,
    latenessMs: number,
    aggregates: PaneAggregates,
    begin: (key: Key) => Combined,
  ): Combine =>
  (session, key, value, eventTimeMs) => {
    const endMs = eventTimeMs + gapMs;
    if (endMs - 1 + latenessMs <= session.watermarkMs) return false;
    const byKey = session.combined(edge, 0);
    const known = byKey.get(key);
    const { lp, keyJson, pieces } = known ?? begin(key);
    const merged = mergeSession(pieces, eventTimeMs, endMs, aggregates.add(undefined, value), (left, right) =>
      aggregates.merge(left, right),
    );
    const after = replaceSessions(pieces, merged);
    if (known === undefined) session.journal.set(byKey, key, { lp, keyJson, pieces: after });
    else session.journal.assign(known, 'pieces', after);
    return true;
  };
