/**
 * What a pipeline of one window has to give, computed from the records themselves and the rules as the documentation
 * states them. It shares no code with Millrace: no accumulators, no state, no timers.
 */

export interface Sent {
  readonly key: string;
  readonly v: number;
  readonly at: number;
}

export type WindowKind =
  | { readonly kind: 'aligned'; readonly size: number; readonly slide: number; readonly offset: number }
  | { readonly kind: 'session'; readonly gap: number };

export interface Fired {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly n: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** All values that are the greatest. */
  readonly best: readonly number[];
}

/** The windows of a record, by looking at each that could be one. */
const alignedWindowsOf = (window: WindowKind & { kind: 'aligned' }, at: number): [number, number][] => {
  const found: [number, number][] = [];
  const first = Math.floor((at - window.offset - window.size) / window.slide) - 1;
  for (let k = first; k * window.slide + window.offset <= at; k++) {
    const start = k * window.slide + window.offset;
    if (start <= at && at < start + window.size) found.push([start, start + window.size]);
  }
  return found;
};

/** Sessions of one key: sorted by time, cut where the gap is. */
const sessionsOf = (records: readonly Sent[], gap: number): Sent[][] => {
  const sessions: Sent[][] = [];
  for (const record of [...records].sort((a, b) => a.at - b.at)) {
    const last = sessions.at(-1);
    if (last !== undefined && record.at - (last.at(-1) as Sent).at < gap) last.push(record);
    else sessions.push([record]);
  }
  return sessions;
};

const fire = (key: string, start: number, end: number, records: readonly Sent[]): Fired => {
  const values = records.map((record) => record.v);
  const max = Math.max(...values);
  return {
    key,
    start,
    end,
    n: values.length,
    sum: values.reduce((a, b) => a + b, 0),
    min: Math.min(...values),
    max,
    best: values.filter((v) => v === max),
  };
};

const groupByKey = (records: readonly Sent[]): [string, Sent[]][] => {
  const groups = new Map<string, Sent[]>();
  for (const record of records) groups.set(record.key, [...(groups.get(record.key) ?? []), record]);
  return [...groups];
};

/** What comes out when no record is late: every window once, with all its records. */
export const allWindows = (window: WindowKind, records: readonly Sent[]): Fired[] =>
  groupByKey(records).flatMap(([key, own]) => {
    if (window.kind === 'session') {
      return sessionsOf(own, window.gap).map((s) =>
        fire(key, (s[0] as Sent).at, (s.at(-1) as Sent).at + window.gap, s),
      );
    }
    const panes = new Map<string, [number, number]>();
    for (const { at } of own) for (const pane of alignedWindowsOf(window, at)) panes.set(pane.join(), pane);
    return [...panes.values()].map(([start, end]) =>
      fire(
        key,
        start,
        end,
        own.filter(({ at }) => start <= at && at < end),
      ),
    );
  });

interface Pane {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly records: readonly Sent[];
  readonly fired: boolean;
}

/**
 * Record by record, with late ones: one shard, one record a commit. A pane fires when the watermark reaches its last
 * millisecond, again with each record after that, and is forgotten when the lateness has passed too.
 */
export const recordByRecord = (
  window: WindowKind,
  bound: number,
  lateness: number,
  steps: readonly (Sent | { readonly watermark: number })[],
): { readonly fired: Fired[]; readonly late: Sent[] } => {
  let watermark = Number.NEGATIVE_INFINITY;
  let panes: Pane[] = [];
  const fired: Fired[] = [];
  const late: Sent[] = [];
  const isClosed = (end: number) => end - 1 + lateness <= watermark;

  const add = (record: Sent): void => {
    if (window.kind === 'aligned') {
      const open = alignedWindowsOf(window, record.at).filter(([, end]) => !isClosed(end));
      if (open.length === 0) late.push(record);
      for (const [start, end] of open) {
        const before = panes.find((pane) => pane.key === record.key && pane.start === start);
        panes = panes.filter((pane) => pane !== before);
        panes.push({ key: record.key, start, end, records: [...(before?.records ?? []), record], fired: false });
      }
      return;
    }
    const start = record.at;
    const end = record.at + window.gap;
    const touched = panes.filter((pane) => pane.key === record.key && pane.start < end && start < pane.end);
    const merged: Pane = {
      key: record.key,
      start: Math.min(start, ...touched.map((pane) => pane.start)),
      end: Math.max(end, ...touched.map((pane) => pane.end)),
      records: [...touched.flatMap((pane) => pane.records), record],
      fired: false,
    };
    if (isClosed(merged.end)) late.push(record);
    else panes = [...panes.filter((pane) => !touched.includes(pane)), merged];
  };

  for (const step of steps) {
    if ('watermark' in step) {
      watermark = Math.max(watermark, step.watermark);
    } else {
      add(step);
      watermark = Math.max(watermark, step.at - bound - 1);
    }
    for (const pane of panes) {
      if (!pane.fired && pane.end - 1 <= watermark) fired.push(fire(pane.key, pane.start, pane.end, pane.records));
    }
    panes = panes
      .filter((pane) => !isClosed(pane.end))
      .map((pane) => (pane.end - 1 <= watermark ? { ...pane, fired: true } : pane));
  }
  return { fired, late };
};

/** In an order that does not depend on who computed it. */
export const inOrder = (fired: readonly Fired[]): Fired[] =>
  [...fired].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
