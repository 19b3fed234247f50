import type { Key, WindowNode } from '../graph/logical-graph.ts';
import { mergeSession, replaceSessions, type Session } from '../windows/merge-session.ts';
import type { SessionWindows } from '../windows/window-assigner.ts';
import type { ComputeSession, Push } from './compute-session.ts';
import type { Accumulators, PaneAggregates } from './pane-aggregates.ts';
import { PaneClosed, type WindowProgram } from './window-program.ts';

interface SessionPane {
  readonly aggregates: Accumulators;
  /** 1 while it has something to fire. */
  readonly unfired: 0 | 1;
}

/** All sessions of one key under way, as stored. */
type KeySessions = readonly [key: Key, sessions: readonly StoredSession[]];

type StoredSession = readonly [startMs: number, endMs: number, aggregates: Accumulators, unfired: 0 | 1];

/** Session windows. One state entry a key: its sessions merge with each other. */
export const compileSessionWindow = (
  node: WindowNode & { readonly assigner: SessionWindows },
  aggregates: PaneAggregates,
  late: Push,
  table: number,
): WindowProgram => {
  const { gapMs } = node.assigner;
  const { allowedLatenessMs } = node;
  const merge = (left: SessionPane, right: SessionPane): SessionPane => ({
    aggregates: aggregates.merge(left.aggregates, right.aggregates),
    unfired: 1,
  });
  const timerOf = (endMs: number, unfired: 0 | 1): number => endMs - 1 + (unfired === 1 ? 0 : allowedLatenessMs);

  /** False where the session that the interval would be part of is closed already. */
  const put = (
    session: ComputeSession,
    key: Key,
    keyJson: string,
    startMs: number,
    endMs: number,
    accumulators: Accumulators,
  ): boolean => {
    const stored = session.state.get(session.lp, table, keyJson) as KeySessions | undefined;
    const sessions = (stored?.[1] ?? []).map(load);
    const merged = mergeSession(sessions, startMs, endMs, { aggregates: accumulators, unfired: 1 }, merge);
    if (merged.endMs - 1 + allowedLatenessMs <= session.watermarkMs) return false;
    session.state.set(session.lp, table, keyJson, [
      key,
      replaceSessions(sessions, merged).map(store),
    ] satisfies KeySessions);
    return true;
  };

  const replace = (session: ComputeSession, entryKey: string, key: Key, left: readonly StoredSession[]) =>
    session.state.set(session.lp, table, entryKey, left.length === 0 ? undefined : ([key, left] satisfies KeySessions));

  return {
    table: {
      id: node.id,
      timerMs: (value) => Math.min(...(value as KeySessions)[1].map(([, endMs, , unfired]) => timerOf(endMs, unfired))),
      keyTextOf: (entryKey) => entryKey,
    },

    aggregates,

    mapAccumulators(value, map) {
      const [key, sessions] = value as KeySessions;
      return [
        key,
        sessions.map(([startMs, endMs, accumulators, unfired]) => [startMs, endMs, map(accumulators), unfired]),
      ] satisfies KeySessions;
    },

    onRecord(session, key, keyJson, value, eventTimeMs) {
      if (!put(session, key, keyJson, eventTimeMs, eventTimeMs + gapMs, aggregates.add(undefined, value)))
        late(session, value, eventTimeMs);
    },

    onPartial(session, key, keyJson, startMs, endMs, accumulators) {
      if (!put(session, key, keyJson, startMs, endMs, accumulators)) {
        throw new PaneClosed(
          `a combined session of window '${node.id}' came after it was closed: ${endMs} at watermark ${session.watermarkMs}`,
        );
      }
    },

    // One firing a call: a session that throws must not take the others of its key along.
    onTimer(session, entryKey, watermarkMs) {
      const [key, stored] = session.state.get(session.lp, table, entryKey) as KeySessions;
      const index = firstToFire(stored, watermarkMs);
      const left = stored.flatMap((s, i): readonly StoredSession[] => {
        if (i !== index && s[3] === 1) return [s];
        const closed = s[1] - 1 + allowedLatenessMs <= watermarkMs;
        return closed ? [] : [[s[0], s[1], s[2], 0]];
      });
      replace(session, entryKey, key, left);
      session.key = key;
      const fired = stored[index];
      if (fired !== undefined) aggregates.fire(session, key, { startMs: fired[0], endMs: fired[1] }, fired[2]);
    },

    restore(session, keyJson, dropped) {
      const [key, sessions] = dropped as KeySessions;
      for (const [startMs, endMs, accumulators] of sessions) {
        const stored = session.state.get(session.lp, table, keyJson) as KeySessions | undefined;
        const before = (stored?.[1] ?? []).map(load);
        const merged = mergeSession(before, startMs, endMs, { aggregates: accumulators, unfired: 1 }, merge);
        replace(session, keyJson, key, replaceSessions(before, merged).map(store));
      }
      return keyJson;
    },

    dropDue(session, entryKey, watermarkMs) {
      const [key, stored] = session.state.get(session.lp, table, entryKey) as KeySessions;
      const index = firstToFire(stored, watermarkMs);
      replace(
        session,
        entryKey,
        key,
        stored.filter((_, i) => i !== index),
      );
      return [key, stored.slice(index, index + 1)];
    },
  };
};

const firstToFire = (sessions: readonly StoredSession[], watermarkMs: number): number =>
  sessions.findIndex(([, endMs, , unfired]) => unfired === 1 && endMs - 1 <= watermarkMs);

const load = ([startMs, endMs, aggregates, unfired]: StoredSession): Session<SessionPane> => ({
  startMs,
  endMs,
  accumulator: { aggregates, unfired },
});

const store = ({ startMs, endMs, accumulator }: Session<SessionPane>): StoredSession => [
  startMs,
  endMs,
  accumulator.aggregates,
  accumulator.unfired,
];
