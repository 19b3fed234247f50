import { backOff, maxRetries } from '../../core/backoff.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { forEachInFlight } from '../../core/in-flight.ts';
import { type Random, systemRandom } from '../../core/random.ts';
import { MillraceError } from '../../errors/millrace-error.ts';
import type { OutputRow, SinkWriter, WriteContext } from '../sink-port.ts';
import type { WebhookAnswer, WebhookPort } from './http-port.ts';

export interface HttpSinkWriterOptions {
  readonly endpoint: WebhookPort;
  /** The sink's id, for messages. */
  readonly sink: string;
  readonly timeoutMs: number;
  /** Requests at once. */
  readonly concurrency: number;
  /** For the waits between retries, and for `Retry-After` as a date. */
  readonly clock?: Clock;
  readonly random?: Random;
}

/** What may be answered otherwise later. 409: a receiver that is at work on the same key, as one that keeps keys says. */
const retryableStatuses = new Set([408, 409, 425, 429]);

const isRetryable = (status: number): boolean => retryableStatuses.has(status) || status >= 500;

/** Posts a request for each row, and again until the receiver has taken it. */
export class HttpSinkWriter implements SinkWriter {
  readonly #options: HttpSinkWriterOptions;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(options: HttpSinkWriterOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
  }

  async write(rows: readonly OutputRow[], context?: WriteContext): Promise<void> {
    await forEachInFlight(rows, this.#options.concurrency, async (row) => {
      if (context?.onUnsent === undefined) return this.#deliver(row, context);
      const problem = await this.#try(row, context).catch((error: unknown) => error);
      if (problem !== undefined) context.onUnsent(1, problem);
    });
  }

  async #deliver(row: OutputRow, context: WriteContext | undefined): Promise<void> {
    for (let retry = 0; ; retry++) {
      const problem = await this.#try(row, context);
      if (problem === undefined) return;
      const waitMs = problem.retryAfterMs ?? 0;
      const leftMs = context?.remainingMs ?? Number.POSITIVE_INFINITY;
      if (retry === maxRetries || leftMs <= waitMs) throw this.#unavailable(problem.what, waitMs);
      await (waitMs > 0 ? this.#clock.sleep(waitMs) : backOff(retry, this.#clock, this.#random));
    }
  }

  /** @returns why it has to be tried again; undefined where the row was taken */
  async #try(row: OutputRow, context: WriteContext | undefined): Promise<Problem | undefined> {
    const { endpoint, timeoutMs } = this.#options;
    const leftMs = Math.max(1, context?.remainingMs ?? timeoutMs);
    const request = {
      body: JSON.stringify(row.value),
      outputId: row.outputId,
      timeoutMs: Math.ceil(Math.min(timeoutMs, leftMs)),
    };
    let answer: WebhookAnswer;
    try {
      answer = await endpoint.post(request);
    } catch (error) {
      if (error instanceof MillraceError && error.retryable) return { what: error.message, retryAfterMs: undefined };
      throw error;
    }
    const { status } = answer;
    if (status >= 200 && status < 300) return undefined;
    if (!isRetryable(status)) throw this.#refused(status);
    return { what: `it answers ${status}`, retryAfterMs: this.#retryAfterMs(answer.retryAfter) };
  }

  /** Seconds or a date (RFC 9110, 10.2.3). What is neither says nothing. */
  #retryAfterMs(header: string | undefined): number | undefined {
    if (header === undefined) return undefined;
    if (/^\d+$/.test(header)) return Number(header) * 1_000;
    const atMs = Date.parse(header);
    return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - this.#clock.nowMs());
  }

  #refused(status: number): MillraceError {
    const { sink } = this.#options;
    return new MillraceError('operator', 'SINK_REFUSED', `sink '${sink}': the receiver answers ${status} to a row`, {
      fix: 'Correct the address, the headers or the receiver. The row is sent again until it is taken; nothing is skipped.',
      fields: { sink, status },
    });
  }

  #unavailable(why: string, retryAfterMs: number): MillraceError {
    const { sink } = this.#options;
    return new MillraceError('retryable', 'SINK_UNAVAILABLE', `sink '${sink}': ${why}`, {
      fields: { sink, ...(retryAfterMs > 0 && { retryAfterMs }) },
    });
  }
}

interface Problem {
  readonly what: string;
  readonly retryAfterMs: number | undefined;
}
