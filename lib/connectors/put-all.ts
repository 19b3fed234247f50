import { backOff, maxRetries } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import type { Random } from '../core/random.ts';
import type { PutEntry, PutOutcome, StreamPort } from './stream-port.ts';

export interface PutAllOptions {
  /** For the waits between tries. */
  readonly clock: Clock;
  readonly random: Random;
  /** Whether what was turned away may be offered again. Default: it may. */
  readonly mayRetry?: () => boolean;
  /** Told of every record that is in the stream now, and which shard took it. */
  readonly onTaken?: (entry: PutEntry, shardId: string) => void;
}

/** What a stream did not take in the end, and what it said. */
export interface Refusal {
  readonly count: number;
  readonly code: string;
}

/**
 * Puts entries into a stream, and again what it turned away, until it has taken them all.
 *
 * @returns what is left where it may not try again, or has tried 8 times; `undefined` when nothing is
 * @throws MillraceError of `putRecords`; then any of them may be in the stream
 * @example
 * const refusal = await putAll(streams, 'orders', entries, { clock, random });
 * if (refusal !== undefined) throw refused(refusal);
 */
export const putAll = async (
  streams: StreamPort,
  stream: string,
  entries: readonly PutEntry[],
  { clock, random, mayRetry = () => true, onTaken }: PutAllOptions,
): Promise<Refusal | undefined> => {
  let left = entries;
  for (let retry = 0; left.length > 0; retry++) {
    const outcomes = await streams.putRecords(stream, left);
    const refused = left.filter((entry, i) => {
      const outcome = outcomes[i];
      if (outcome?.ok !== true) return true;
      onTaken?.(entry, outcome.shardId);
      return false;
    });
    if (refused.length === 0) return undefined;
    if (retry === maxRetries || !mayRetry()) return { count: refused.length, code: codeOf(outcomes) };
    await backOff(retry, clock, random);
    left = refused;
  }
  return undefined;
};

const codeOf = (outcomes: readonly PutOutcome[]): string => {
  const refusal = outcomes.find((outcome) => !outcome.ok);
  return refusal?.ok === false ? refusal.code : 'no answer';
};
