import type { Window } from './window-assigner.ts';

/**
 * What a window emits when a pane fires: one key, one window, the aggregates of its records. Its event time is
 * `window.endMs − 1`, so windows over windows work.
 *
 * @example A value of Windowed<string, { orders: number }>
 * { key: 'ZJ', window: { startMs: 0, endMs: 60_000 }, value: { orders: 3 } }
 */
export interface Windowed<out K, out V> {
  readonly key: K;
  readonly window: Window;
  readonly value: V;
}
