import type { ItemStore } from '../state/item-store.ts';

/** From this try on, one record goes into a commit, so that the one that ends the process shows itself. */
export const SINGLE_RECORD_TRY = 3;

/**
 * Counts how often a process began to compute the same first record and never came back: only a crash leaves a count
 * behind, as every orderly end clears it.
 */
export class TryCounter {
  readonly #items: ItemStore;
  readonly #key: { readonly pk: string; readonly sk: string };

  constructor(items: ItemStore, unit: string) {
    this.#items = items;
    this.#key = { pk: unit, sk: 'T' };
  }

  /** Counts a try before it is made. @returns 1 for the first */
  async begin(sequenceNumber: string): Promise<number> {
    const found = await this.#items.get(this.#key);
    const tries = found?.q === sequenceNumber ? (found.c as number) + 1 : 1;
    await this.#put(sequenceNumber, tries);
    return tries;
  }

  /** A record is about to be computed alone: dying on it now is its own fault. */
  async beginSingle(sequenceNumber: string): Promise<void> {
    await this.#put(sequenceNumber, SINGLE_RECORD_TRY);
  }

  /** The try ended in an error and not in a crash. */
  async clear(sequenceNumber: string): Promise<void> {
    await this.#put(sequenceNumber, 0);
  }

  async #put(sequenceNumber: string, tries: number): Promise<void> {
    await this.#items.put({ ...this.#key, q: sequenceNumber, c: tries }, { kind: 'none' });
  }
}
