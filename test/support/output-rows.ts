import { type OutputRow, outputIdOf } from '../../lib/connectors/sink-port.ts';

/** A row of a sink as a publisher makes it. */
export const outputRow = (value: unknown, n: number, index: number, more: Partial<OutputRow> = {}): OutputRow => {
  const { unit = 'job/1/stage/stream@1/shardId-000000000000' } = more;
  const version = { incarnation: 1, n, index };
  return { value, unit, version, lp: 3, outputId: outputIdOf(unit, n, index), eventTimeMs: 0, ...more };
};

/** No wait takes time, and each is kept. */
export const countedClock = (nowMs = 0) => {
  const waits: number[] = [];
  const sleep = async (durationMs: number) => {
    waits.push(durationMs);
  };
  return { nowMs: () => nowMs, sleep, waits };
};

export const evenRandom = { fraction: () => 0.5, uniqueId: () => 'id' };
