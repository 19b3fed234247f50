import type { Millis } from '../core/duration.ts';

/** The watermark before anything is known. Below every event time; survives JSON. */
export const MIN_WATERMARK_MS = Number.MIN_SAFE_INTEGER;

/** The watermark after the end of bounded input. Above every event time; survives JSON. */
export const MAX_WATERMARK_MS = Number.MAX_SAFE_INTEGER;

/** What a shard without records does to the watermark. */
export interface IdleShards {
  /** How long (by the tick's clock) a shard must have been empty. */
  readonly after: Millis;
  /**
   * `advance`: its watermark follows the tick's time minus `after` minus the bound: right where event time is close to real time.
   * `exclude`: it no longer holds the others back; its first records after that may be late.
   */
  readonly action: 'advance' | 'exclude';
}

/** How a source tells how far event time has come. Made by {@link boundedOutOfOrderness}. */
export interface WatermarkStrategy {
  readonly kind: 'bounded-out-of-orderness';
  readonly boundMs: Millis;
  readonly idle: IdleShards | undefined;
}
