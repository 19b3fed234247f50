import { LAST_TRY, SINGLE_RECORD_TRY, type TryCounter } from './try-counter.ts';

/**
 * Watches one invocation for a record that ends the process whenever it is computed (memory, an endless loop). A try is
 * counted before computing begins and overtaken by the commit that follows; from the third on, every record has a commit of
 * its own, and one that ended the process twice even alone is not computed again.
 */
export class CrashWatch {
  readonly #counter: TryCounter | undefined;
  #tries = 0;
  /** The record whose try is counted and has not ended. */
  #counting: string | undefined;
  /** Sequence numbers of records to be quarantined without being computed. */
  readonly crashed = new Set<string>();

  /** @param counter none where records are packets: they are never quarantined */
  constructor(counter: TryCounter | undefined) {
    this.#counter = counter;
  }

  /** Whether each record goes into a commit of its own. */
  get isSingle(): boolean {
    return this.#tries >= SINGLE_RECORD_TRY;
  }

  /** The first try of an invocation that cannot rely on the one before: a cold start, or the last one failed. */
  async begin(sequenceNumber: string): Promise<void> {
    if (this.#counter === undefined) return;
    // Also a count whose fate is unknown is taken back when the invocation ends in order.
    this.#counting = sequenceNumber;
    this.#tries = await this.#counter.begin(sequenceNumber);
    if (this.#tries > LAST_TRY) this.crashed.add(sequenceNumber);
  }

  /** The next record, where each is tried alone. */
  async beginNext(sequenceNumber: string): Promise<void> {
    if (this.#counter === undefined || !this.isSingle) return;
    this.#counting = sequenceNumber;
    await this.#counter.beginSingle(sequenceNumber);
  }

  /**
   * Computing ended and the process lives. A first try's count is overtaken by the commit, or taken back when there is none; a
   * suspect's is taken back now.
   */
  async end(): Promise<void> {
    if (this.#counting === undefined || this.#tries <= 1) return;
    await this.#counter?.clear(this.#counting);
    this.#counting = undefined;
  }

  /** The invocation ended in an error, which is not a crash. If that cannot be written, one try too many is counted. */
  async fail(): Promise<void> {
    if (this.#counting !== undefined) await this.#counter?.clear(this.#counting).catch(() => undefined);
  }
}
