import { encodeAppend } from '../connectors/append-encoding.ts';
import type { OutputRow, SinkWriter } from '../connectors/sink-port.ts';
import type { PutEntry, StreamPort } from '../connectors/stream-port.ts';
import { backOff, maxRetries } from '../core/backoff.ts';
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

  async write(rows: readonly OutputRow[]): Promise<void> {
    let left: readonly PutEntry[] = rows.map((row) => ({
      partitionKey: row.partitionKey ?? row.outputId,
      data: encodeAppend(`stream ${this.#stream}`, row, this.#idField),
    }));
    for (let retry = 0; left.length > 0; retry++) {
      const outcomes = await this.#put(left);
      const failed = outcomes.find((outcome) => !outcome.ok);
      left = left.filter((_, i) => outcomes[i]?.ok !== true);
      if (left.length === 0) return;
      if (retry === maxRetries) throw this.#unavailable(`it kept turning ${left.length} rows away`, failed);
      await backOff(retry, this.#clock, this.#random);
    }
  }

  async #put(entries: readonly PutEntry[]) {
    try {
      return await this.#streams.putRecords(this.#stream, entries);
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
