import type { StreamRecord } from '../../connectors/stream-port.ts';
import { eventEnvelopeBytes } from './lambda-event.ts';

interface Entry {
  readonly record: StreamRecord;
  readonly bytes: number;
  readonly readMs: number;
}

export interface BatchLimits {
  readonly batchSize: number;
  readonly maximumBatchingWindowMs: number;
  readonly maximumPayloadBytes: number;
}

/** Records that were read and not yet made a batch, and the rule that says when they are one. */
export class BatchBuffer {
  readonly #limits: BatchLimits;
  #entries: Entry[] = [];
  #head = 0;
  #bytes = 0;

  constructor(limits: BatchLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#entries.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get oldest(): StreamRecord | undefined {
    return this.#entries[this.#head]?.record;
  }

  push(record: StreamRecord, bytes: number, readMs: number): void {
    this.#entries.push({ record, bytes, readMs });
    this.#bytes += bytes;
  }

  /** 0: a batch can be taken now. `undefined`: there is nothing to wait for but more records. */
  waitMs(nowMs: number): number | undefined {
    const first = this.#entries[this.#head];
    if (first === undefined) return undefined;
    const leftMs = first.readMs + this.#limits.maximumBatchingWindowMs - nowMs;
    return leftMs <= 0 || this.#fill().full ? 0 : leftMs;
  }

  /** The next batch's records, whether or not they fill one. A record too large for any event goes alone. */
  take(): readonly StreamRecord[] {
    const { count, bytes } = this.#fill();
    const taken = this.#entries.slice(this.#head, this.#head + count);
    this.#head += count;
    this.#bytes -= bytes;
    // Cutting the array each time would be quadratic.
    if (this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return taken.map(({ record }) => record);
  }

  #fill(): { readonly count: number; readonly bytes: number; readonly full: boolean } {
    const { batchSize, maximumPayloadBytes } = this.#limits;
    let count = 0;
    let bytes = 0;
    while (count < batchSize && count < this.count) {
      const next = this.#entries[this.#head + count]?.bytes ?? 0;
      if (count > 0 && eventEnvelopeBytes + bytes + next > maximumPayloadBytes) return { count, bytes, full: true };
      bytes += next;
      count++;
    }
    return { count, bytes, full: count === batchSize };
  }
}
