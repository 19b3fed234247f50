/** A session under way: `[first record, last record + gap)` and what was aggregated in it. */
export interface Session<Acc> {
  readonly startMs: number;
  readonly endMs: number;
  readonly accumulator: Acc;
}

/** The session that an interval became, and which ones of the list it takes the place of. */
export interface MergedSession<Acc> extends Session<Acc> {
  /** Where it belongs in the list. */
  readonly index: number;
  /** How many sessions of the list, from `index` on, went into it. 0: it is new. */
  readonly replacedCount: number;
}

/**
 * Puts an interval among a key's sessions. Two intervals merge when they strictly overlap; those that only touch
 * (records exactly the gap apart) stay two. The list is left as it was: give the result to {@link replaceSessions}.
 *
 * @param sessions disjoint, ascending by start
 * @param startMs event time of the record, or start of a partial session
 * @param endMs event time plus gap, or end of a partial session
 * @param accumulator what was aggregated in the interval
 * @param merge an aggregate's `merge`: older sessions are on its left
 */
export const mergeSession = <Acc>(
  sessions: readonly Session<Acc>[],
  startMs: number,
  endMs: number,
  accumulator: Acc,
  merge: (left: Acc, right: Acc) => Acc,
): MergedSession<Acc> => {
  let index = 0;
  while (index < sessions.length && sessions[index]!.endMs <= startMs) index += 1;
  let end = index;
  let mergedStartMs = startMs;
  let mergedEndMs = endMs;
  let merged: Acc | undefined;
  for (; end < sessions.length && sessions[end]!.startMs < endMs; end += 1) {
    const overlapping = sessions[end]!;
    merged = end === index ? overlapping.accumulator : merge(merged as Acc, overlapping.accumulator);
    if (overlapping.startMs < mergedStartMs) mergedStartMs = overlapping.startMs;
    if (overlapping.endMs > mergedEndMs) mergedEndMs = overlapping.endMs;
  }
  return {
    index,
    replacedCount: end - index,
    startMs: mergedStartMs,
    endMs: mergedEndMs,
    accumulator: end === index ? accumulator : merge(merged as Acc, accumulator),
  };
};

/** The list with a merged session in the place of those it replaces. */
export const replaceSessions = <Acc>(
  sessions: readonly Session<Acc>[],
  { index, replacedCount, startMs, endMs, accumulator }: MergedSession<Acc>,
): Session<Acc>[] => [
  ...sessions.slice(0, index),
  { startMs, endMs, accumulator },
  ...sessions.slice(index + replacedCount),
];
