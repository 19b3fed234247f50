import { secretNumber } from './random.ts';

/** Longer texts gain little from company. */
const MAX_TEXT_BYTES = 8 * 1024;
const CAPACITY_BYTES = 64 * 1024;

/**
 * JSON texts that are decoded and parsed together, as one array: a call of the decoder and of the parser for each takes
 * longer than the few hundred bytes of an event.
 *
 * The texts are anybody's bytes. Between two of them the array has one more element, a number that nobody else knows. The result is
 * taken only if the array has an element for each text, and this number before each but the first. Then every text was one whole JSON value:
 *
 * - That number as an element can only come from where it was put, since no text holds it. There are as many of these places
 *   as there are elements that have to be it, so at each of them, in order, a comma ended one element and began another.
 * - So between two of them there was exactly one element, made of exactly one text. The first text follows on the opening
 *   bracket of the array, which cannot be closed before the last byte, as nothing may follow that.
 * - Bytes of one text never make a character with those of another: the separators are ASCII, which ends a sequence of UTF-8,
 *   and such a sequence that is incomplete is an error. A byte order mark, which the decoder takes off a text of its own, is an
 *   error of the parser here.
 *
 * What `JSON.parse` makes of a value does not depend on where in a text it is. Where anything is wrong with any text
 * there is no result: they have to be parsed one by one, and each says what is wrong with it.
 */
export class JsonBatch {
  readonly #buffer = Buffer.allocUnsafeSlow(CAPACITY_BYTES);
  readonly #separator: number;
  readonly #separatorBytes: Uint8Array;
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true });
  #end = 0;
  #count = 0;

  /** @param separator a whole number that nobody who makes texts knows */
  constructor(separator = secretNumber()) {
    this.#separator = separator;
    this.#separatorBytes = Buffer.from(`,${separator},`);
  }

  /** How many texts it holds. */
  get count(): number {
    return this.#count;
  }

  /** False where there is no room, or where it would be alone at once: JSON begins with a byte of ASCII. */
  add(text: Uint8Array): boolean {
    const at = this.#begin(text.length);
    if (at < 0) return false;
    this.#buffer.set(text, at);
    return this.#accept(at, text.length);
  }

  /** As `add`, for a text that is in base64. */
  addBase64(text: string): boolean {
    const at = this.#begin((text.length >>> 2) * 3 + 3);
    return at >= 0 && this.#accept(at, this.#buffer.write(text, at, 'base64'));
  }

  /** The values of the texts that were added, in order, and none of them any more; `undefined` where one is not JSON. */
  parse(): readonly unknown[] | undefined {
    const count = this.#count;
    const end = this.#end;
    this.#count = 0;
    this.#end = 0;
    if (count === 0) return [];
    this.#buffer[end] = CLOSING;
    let elements: unknown;
    try {
      elements = JSON.parse(this.#utf8.decode(this.#buffer.subarray(0, end + 1)));
    } catch {
      return undefined;
    }
    return this.#values(elements as readonly unknown[], count);
  }

  /** Where the next text begins, with what goes before it; −1 where it does not fit. */
  #begin(length: number): number {
    const before = this.#count === 0 ? OPENING : this.#separatorBytes;
    const at = this.#end + before.length;
    if (length > MAX_TEXT_BYTES || at + length >= CAPACITY_BYTES) return -1;
    // In a loop: a call out of JavaScript takes longer than so few bytes.
    for (let i = 0; i < before.length; i++) this.#buffer[this.#end + i] = before[i] as number;
    return at;
  }

  #accept(at: number, length: number): boolean {
    if (length === 0 || (this.#buffer[at] as number) > MOST_ASCII) return false;
    this.#end = at + length;
    this.#count++;
    return true;
  }

  #values(elements: readonly unknown[], count: number): readonly unknown[] | undefined {
    if (elements.length !== 2 * count - 1) return undefined;
    const values: unknown[] = [elements[0]];
    for (let i = 1; i < elements.length; i += 2) {
      if (elements[i] !== this.#separator) return undefined;
      values.push(elements[i + 1]);
    }
    return values;
  }
}

const OPENING = Buffer.from('[');
const CLOSING = ']'.charCodeAt(0);
const MOST_ASCII = 0x7f;
