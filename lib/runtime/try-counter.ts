import type { Random } from '../core/random.ts';
import type { Item, ItemStore, PutCondition } from '../state/item-store.ts';

/** From this try on, one record goes into a commit, so that the one that ends the process shows itself. */
export const SINGLE_RECORD_TRY = 3;

/** A record is tried alone twice: once may be a clearing that was lost, or an invocation that is still at work on it. */
export const LAST_TRY = SINGLE_RECORD_TRY + 1;

/**
 * Counts how often a process began to compute the same first record and never came back: only a crash leaves a count
 * behind, as every orderly end clears it. A count is put on the condition that nobody has counted or cleared since it was
 * read: one that lands late, or beside another invocation's, says nothing of the record.
 */
export class TryCounter {
  readonly #items: ItemStore;
  readonly #key: { readonly pk: string; readonly sk: string };
  readonly #random: Random;
  /** The last put of this process. */
  #own: string | undefined;

  constructor(items: ItemStore, unit: string, random: Random) {
    this.#items = items;
    this.#key = { pk: unit, sk: 'T' };
    this.#random = random;
  }

  /** Counts a try before it is made. @returns 1 for the first */
  async begin(sequenceNumber: string): Promise<number> {
    const found = await this.#items.get(this.#key);
    const before = found?.q === sequenceNumber ? (found.c as number) : 0;
    // What this process began, it has come back from: only the clearing was lost.
    const tries = found !== undefined && found.a === this.#own ? Math.max(1, before) : before + 1;
    return (await this.#put(sequenceNumber, tries, unchanged(found))) ? tries : 1;
  }

  /** A record is about to be computed alone, for the first time. */
  async beginSingle(sequenceNumber: string): Promise<void> {
    const condition: PutCondition =
      this.#own === undefined ? { kind: 'none' } : { kind: 'equals', attribute: 'a', value: this.#own };
    await this.#put(sequenceNumber, SINGLE_RECORD_TRY, condition);
  }

  /** The try ended in an error and not in a crash. */
  async clear(sequenceNumber: string): Promise<void> {
    await this.#put(sequenceNumber, 0, { kind: 'none' });
  }

  /** False where another invocation has counted or cleared since. */
  async #put(sequenceNumber: string, tries: number, condition: PutCondition): Promise<boolean> {
    const own = this.#random.uniqueId();
    this.#own = own;
    const put = await this.#items.put({ ...this.#key, q: sequenceNumber, c: tries, a: own }, condition);
    // The client's repeat finds its own first put.
    return put.applied || put.existing?.a === own;
  }
}

/** Items of earlier releases have no attempt: they are overwritten once as they are. */
const unchanged = (found: Item | undefined): PutCondition => {
  if (found === undefined) return { kind: 'absent' };
  return found.a === undefined ? { kind: 'none' } : { kind: 'equals', attribute: 'a', value: found.a as string };
};
