import { encodeAppend } from '../connectors/append-encoding.ts';
import { putAll, type Refusal } from '../connectors/put-all.ts';
import type { OutputRow, SinkWriter, WriteContext } from '../connectors/sink-port.ts';
import type { PutEntry, StreamPort } from '../connectors/stream-port.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import { type Random, systemRandom } from '../core/random.ts';
import { MillraceError } from '../errors/millrace-error.ts';

export interface KinesisSinkWriterOptions {
  readonly streams: StreamPort;
  readonly stream: string;
  /** The field that carries the output's id, in values that are objects; `undefined` leaves it out. */
  readonly idField: string | undefined;
  /** For the waits between retries. */
  readonly clock?: Clock;
  readonly random?: Random;
}

/**
 * Appends rows to a stream as JSON: the value itself, with the output's id as one more field, by which a reader can tell
 * a row that was sent twice. Rows of one partition key keep their order unless the stream turns some of them away.
 */
export class KinesisSinkWriter implements SinkWriter {
  readonly #streams: StreamPort;
  readonly #stream: string;
  readonly #idField: string | undefined;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(options: KinesisSinkWriterOptions) {
    this.#streams = options.streams;
    this.#stream = options.stream;
    this.#idField = options.idField;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
  }

  async write(rows: readonly OutputRow[], context?: WriteContext): Promise<void> {
    const entries = rows.map((row) => ({
      partitionKey: row.partitionKey ?? row.outputId,
      data: encodeAppend(`stream ${this.#stream}`, row, this.#idField),
    }));
    const refusal = await this.#put(entries, context);
    if (refusal === undefined) return;
    if (context?.onUnsent === undefined) {
      throw this.#unavailable(`it kept turning ${refusal.count} rows away: ${refusal.code}`, refusal);
    }
    context.onUnsent(refusal.count, refusal);
  }

  async #put(entries: readonly PutEntry[], context: WriteContext | undefined): Promise<Refusal | undefined> {
    try {
      return await putAll(this.#streams, this.#stream, entries, {
        clock: this.#clock,
        random: this.#random,
        mayRetry: () => context === undefined || (context.onUnsent === undefined && context.remainingMs > 0),
      });
    } catch (error) {
      if (error instanceof MillraceError && error.retryable) throw this.#unavailable(error.message, error);
      throw error;
    }
  }

  #unavailable(why: string, cause: unknown): MillraceError {
    return new MillraceError('retryable', 'SINK_UNAVAILABLE', `stream ${this.#stream}: ${why}`, {
      fields: { stream: this.#stream },
      cause,
    });
  }
}
