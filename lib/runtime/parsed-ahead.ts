import type { RecordData } from '../connectors/stream-port.ts';
import type { JsonBatch } from '../core/json-batch.ts';

/** Of what was not parsed ahead: its bytes have to be looked at alone. No JSON has this value. */
export const NOT_PARSED = undefined;

const FEWEST = 8;
/** More at a time are out of the processor's cache before they are computed. */
const MOST = 64;

/**
 * The JSON values of a list of records, parsed some at a time, ahead of the one that is computed. Never many more than
 * were computed before: a commit may end anywhere, and what follows is parsed again for the next one.
 */
export class ParsedAhead {
  readonly #batch: JsonBatch;
  readonly #list: readonly RecordData[];
  readonly #isLeftOut: (index: number) => boolean;
  #values: readonly unknown[] = [];
  /** The index of the first of the values, and the one behind the last. */
  #from = 0;
  #to = 0;
  #most = FEWEST;

  /** @param isLeftOut what must not even be parsed */
  constructor(batch: JsonBatch, list: readonly RecordData[], isLeftOut: (index: number) => boolean = () => false) {
    this.#batch = batch;
    this.#list = list;
    this.#isLeftOut = isLeftOut;
  }

  /** The value of one record, asked for in their order and once: whoever gets it may change it. */
  at(index: number): unknown {
    if (index >= this.#to) this.#parse(index);
    return this.#values[index - this.#from];
  }

  #parse(from: number): void {
    const list = this.#list;
    const last = Math.min(list.length, from + this.#most);
    let to = from;
    while (to < last && !this.#isLeftOut(to) && addTo(this.#batch, list[to]!)) to++;
    const values = this.#batch.parse();
    // One that is none makes all of them be parsed alone: where one is, others may be near.
    this.#most = values === undefined ? FEWEST : Math.min(MOST, this.#most * 2);
    this.#values = values ?? [];
    this.#from = from;
    this.#to = Math.max(to, from + 1);
  }
}

const addTo = (batch: JsonBatch, record: RecordData): boolean =>
  record.base64 === undefined ? batch.add(record.data) : batch.addBase64(record.base64);
