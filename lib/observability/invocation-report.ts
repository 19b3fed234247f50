import { MillraceError } from '../errors/millrace-error.ts';
import type { InvocationFacts } from './invocation-recorder.ts';

/** What an invocation was asked to do. */
export interface InvocationSubject {
  readonly kind: 'batch' | 'tick';
  /** The shard of a batch; `undefined` for a tick, which looks at all. */
  readonly shard: string | undefined;
  /** Records delivered; those that were committed before are among them. */
  readonly delivered: number;
  /** When the stream took the last of them: epoch milliseconds. */
  readonly lastArrivalMs: number | undefined;
  readonly requestId: string | undefined;
}

export interface Invocation extends InvocationSubject {
  readonly startMs: number;
  readonly endMs: number;
  readonly facts: InvocationFacts;
}

/** The part of a Powertools logger that is used. */
export interface ReportLogger {
  info(message: string, fields: Record<string, unknown>): void;
  error(message: string, fields: Record<string, unknown>): void;
}

type Unit = 'Count' | 'Bytes' | 'Milliseconds';

/** The part of Powertools metrics that is used. */
export interface ReportMetrics {
  addMetric(name: string, unit: Unit, value: number): void;
  publishStoredMetrics(): void;
}

/** Says of each invocation what it did: one line in the log, one line of metrics. */
export class InvocationReport {
  readonly #logger: ReportLogger;
  readonly #metrics: ReportMetrics;

  constructor(logger: ReportLogger, metrics: ReportMetrics) {
    this.#logger = logger;
    this.#metrics = metrics;
  }

  succeeded(invocation: Invocation): void {
    this.#logger.info(`${invocation.kind} done`, linesOf(invocation));
    this.#measure(invocation);
  }

  /** The error goes on to the mapping, which knows no code and no fix: they are said here. */
  failed(invocation: Invocation, error: unknown): void {
    this.#logger.error(`${invocation.kind} failed`, { ...linesOf(invocation), ...describeError(error) });
    this.#measure(invocation);
  }

  /** The function could not begin: its environment is wrong. */
  notStarted(error: unknown): void {
    this.#logger.error('stage not started', describeError(error));
  }

  #measure({ facts, endMs, lastArrivalMs, kind }: Invocation): void {
    if (kind === 'tick' && facts.commits === 0) return;
    const add = (name: string, unit: Unit, value: number) => this.#metrics.addMetric(name, unit, value);
    add('Records', 'Count', facts.records);
    add('Commits', 'Count', facts.commits);
    add('RejectedRecords', 'Count', total(facts.rejected));
    add('RepublishedCommits', 'Count', facts.republished);
    add('LostRaces', 'Count', facts.lostRaces);
    add('UnsentRows', 'Count', total(facts.unsent));
    if (facts.waiting !== undefined) {
      add('HeldRuns', 'Count', facts.waiting.heldRuns);
      add('ParkedKeys', 'Count', facts.waiting.parkedKeys);
      add('ParkedRows', 'Count', facts.waiting.parkedRows);
    }
    add('PayloadBytes', 'Bytes', facts.payloadBytes);
    if (lastArrivalMs !== undefined) {
      add('IteratorAge', 'Milliseconds', Math.max(0, endMs - lastArrivalMs));
    }
    if (isInstant(facts.watermarkMs)) {
      add('WatermarkLag', 'Milliseconds', Math.max(0, endMs - facts.watermarkMs));
    }
    this.#metrics.publishStoredMetrics();
  }
}

const linesOf = ({
  facts: { waiting, ...facts },
  startMs,
  endMs,
  lastArrivalMs,
  ...subject
}: Invocation): Record<string, unknown> => ({
  ...subject,
  ...facts,
  ...waiting,
  rejected: total(facts.rejected),
  ...(total(facts.rejected) > 0 && { rejectedBy: facts.rejected }),
  unsent: total(facts.unsent),
  ...(total(facts.unsent) > 0 && { unsentBy: facts.unsent }),
  ...(lastArrivalMs !== undefined && { iteratorAgeMs: Math.max(0, endMs - lastArrivalMs) }),
  watermarkMs: isInstant(facts.watermarkMs) ? facts.watermarkMs : undefined,
  durationMs: endMs - startMs,
});

/** Code, kind and fix of our own errors; of others what they say. */
const describeError = (error: unknown): Record<string, unknown> => {
  if (!(error instanceof MillraceError)) return { error };
  const { code, kind, message, fix, fields } = error;
  return { code, errorKind: kind, reason: message, fix, fields };
};

const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** Before the first record and after the end of bounded input the watermark is no time of day. */
const isInstant = (watermarkMs: number | undefined): watermarkMs is number =>
  watermarkMs !== undefined && watermarkMs > Number.MIN_SAFE_INTEGER && watermarkMs < Number.MAX_SAFE_INTEGER;
