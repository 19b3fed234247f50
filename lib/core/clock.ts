/**
 * The wall clock. It decides when to *look* (probe, snapshot, renew), never whether a write is safe:
 * that is decided by the store's conditions alone.
 */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Resolves after `durationMs`; used only between retries. */
  sleep(durationMs: number): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs)),
};
