import type { Key, WindowNode } from '../graph/logical-graph.ts';
import { forEachWindowStart } from '../windows/aligned-windows.ts';
import type { AlignedWindows } from '../windows/window-assigner.ts';
import type { ComputeSession, Push } from './compute-session.ts';
import type { Accumulators, PaneAggregates } from './pane-aggregates.ts';
import { PaneClosed, type WindowProgram } from './window-program.ts';

/** A pane as stored: key, start of the window, accumulators, and 1 while it has something to fire. */
export type Pane = readonly [key: Key, startMs: number, accumulators: Accumulators, unfired: 0 | 1];

/** Windows that do not share slices. One state entry a pane, named `<start>|<key>`. */
export const compileAlignedWindow = (
  node: WindowNode & { readonly assigner: AlignedWindows },
  aggregates: PaneAggregates,
  late: Push,
  table: number,
): WindowProgram => {
  const { assigner, allowedLatenessMs } = node;
  const lastInstantOf = (startMs: number): number => startMs + assigner.sizeMs - 1;
  const isClosed = (startMs: number, watermarkMs: number): boolean =>
    lastInstantOf(startMs) + allowedLatenessMs <= watermarkMs;

  const put = (
    session: ComputeSession,
    key: Key,
    keyJson: string,
    startMs: number,
    next: (before: Accumulators | undefined) => Accumulators,
  ) => {
    const entryKey = `${startMs}|${keyJson}`;
    const before = session.state.get(session.lp, table, entryKey) as Pane | undefined;
    session.state.set(session.lp, table, entryKey, [key, startMs, next(before?.[2]), 1] satisfies Pane);
  };

  return {
    table: {
      id: node.id,
      // Unfired panes wait for their end; fired ones stay for late records until the lateness has passed.
      timerMs: (value) => lastInstantOf((value as Pane)[1]) + ((value as Pane)[3] === 1 ? 0 : allowedLatenessMs),
      keyTextOf: (entryKey) => entryKey.slice(entryKey.indexOf('|') + 1),
    },

    aggregates,

    mapAccumulators(value, map) {
      const [key, startMs, accumulators, unfired] = value as Pane;
      return [key, startMs, map(accumulators), unfired] satisfies Pane;
    },

    onRecord(session, key, keyJson, value, eventTimeMs) {
      let accepted = false;
      forEachWindowStart(assigner, eventTimeMs, (startMs) => {
        if (isClosed(startMs, session.watermarkMs)) return;
        accepted = true;
        put(session, key, keyJson, startMs, (before) => aggregates.add(before, value));
      });
      if (!accepted) late(session, value, eventTimeMs);
    },

    onPartial(session, key, keyJson, sliceStartMs, _endMs, accumulators) {
      forEachWindowStart(assigner, sliceStartMs, (startMs) => {
        if (isClosed(startMs, session.watermarkMs)) {
          throw new PaneClosed(
            `a combined row of window '${node.id}' came after its pane was closed: ${startMs} at watermark ${session.watermarkMs}`,
          );
        }
        put(session, key, keyJson, startMs, (before) =>
          before === undefined ? accumulators : aggregates.merge(before, accumulators),
        );
      });
    },

    onTimer(session, entryKey, watermarkMs) {
      const [key, startMs, accumulators, unfired] = session.state.get(session.lp, table, entryKey) as Pane;
      const open = !isClosed(startMs, watermarkMs);
      session.state.set(
        session.lp,
        table,
        entryKey,
        open ? ([key, startMs, accumulators, 0] satisfies Pane) : undefined,
      );
      session.key = key;
      if (unfired === 1) aggregates.fire(session, key, { startMs, endMs: startMs + assigner.sizeMs }, accumulators);
    },

    restore(session, keyJson, dropped) {
      const [key, startMs, accumulators] = dropped as Pane;
      // Records that came since have made a pane of their own.
      put(session, key, keyJson, startMs, (since) =>
        since === undefined ? accumulators : aggregates.merge(accumulators, since),
      );
      return `${startMs}|${keyJson}`;
    },

    dropDue(session, entryKey) {
      const pane = session.state.get(session.lp, table, entryKey);
      session.state.set(session.lp, table, entryKey, undefined);
      return pane;
    },
  };
};
