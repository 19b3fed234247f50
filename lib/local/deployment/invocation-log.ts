import type { ErrorCode } from '../../errors/codes.ts';
import { type ErrorKind, MillraceError } from '../../errors/millrace-error.ts';

/** What a stage's containers did, added up from the lines that they wrote. A killed invocation wrote none. */
export interface InvocationTotals {
  readonly commits: number;
  readonly records: number;
  readonly rejected: number;
  readonly republished: number;
  readonly lostRaces: number;
  readonly loads: number;
  readonly snapshots: number;
}

const names = ['commits', 'records', 'rejected', 'republished', 'lostRaces', 'loads', 'snapshots'] as const;

/** A line that a container wrote at the end of an invocation. */
interface InvocationLine {
  readonly message?: unknown;
  readonly code?: ErrorCode;
  readonly errorKind?: ErrorKind;
  readonly reason?: string;
  readonly fix?: string;
  readonly fields?: Record<string, unknown>;
}

const ends = new Set(['batch done', 'tick done', 'batch failed', 'tick failed', 'stage not started']);

/** Reads the log lines of a stage's containers: totals, and the error that its last invocation ended with. */
export class InvocationLog {
  #totals: Record<(typeof names)[number], number> = {
    commits: 0,
    records: 0,
    rejected: 0,
    republished: 0,
    lostRaces: 0,
    loads: 0,
    snapshots: 0,
  };
  #lastError: MillraceError | undefined;

  get totals(): InvocationTotals {
    return { ...this.#totals };
  }

  /** `undefined` when the last invocation succeeded, or failed without a code. */
  get lastError(): MillraceError | undefined {
    return this.#lastError;
  }

  read(line: string): void {
    const parsed = parse(line);
    if (parsed === undefined || !ends.has(String(parsed.message))) return;
    for (const name of names) {
      const value = (parsed as Record<string, unknown>)[name];
      if (typeof value === 'number') this.#totals[name] += value;
    }
    this.#lastError = errorOf(parsed);
  }
}

const parse = (line: string): InvocationLine | undefined => {
  // Steps are the many lines of DEBUG; they end nothing.
  if (!line.startsWith('{"level"') || line.includes('"message":"step"')) return undefined;
  try {
    return JSON.parse(line) as InvocationLine;
  } catch {
    // A very long line comes in parts.
    return undefined;
  }
};

const errorOf = ({ code, errorKind, reason, fix, fields }: InvocationLine): MillraceError | undefined =>
  code === undefined || errorKind === undefined
    ? undefined
    : new MillraceError(errorKind, code, reason ?? code, {
        ...(fix !== undefined && { fix }),
        ...(fields !== undefined && { fields }),
      });
