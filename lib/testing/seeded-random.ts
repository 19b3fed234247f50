import type { Random } from '../core/random.ts';

/**
 * Repeatable randomness: the same seed gives the same numbers. Ids are counted, so no two of one instance are equal:
 * share the instance between all containers of a test.
 *
 * @example
 * const random = new SeededRandom(7);
 * random.fraction(); // the same in every run
 */
export class SeededRandom implements Random {
  readonly #seed: number;
  #state: number;
  #ids = 0;

  constructor(seed: number) {
    this.#seed = seed;
    this.#state = seed >>> 0;
  }

  uniqueId(): string {
    return `${this.#seed.toString(36)}-${(this.#ids++).toString(36)}`;
  }

  /** Weyl sequence through the 32-bit finaliser of MurmurHash3 (Appleby). */
  fraction(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let bits = this.#state;
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32;
  }
}
