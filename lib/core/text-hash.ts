import { randomInt } from 'node:crypto';

const PRIME = 0x01000193;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What a hash begins with: another one in each process, so that nobody can choose texts that collide. */
export const HASH_SEED = randomInt(2 ** 32) | 0;

/**
 * Goes on with a hash for tables in memory, by code units: FNV-1a (Fowler, Noll and Vo) with a seed. What is stored goes by
 * `hashKey`.
 */
export const hashText = (hash: number, text: string): number => {
  let h = hash;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), PRIME);
  return h;
};

/** The same of a value's JSON, without making it where it is a text in quotes. */
export const hashJson = (hash: number, value: unknown): number => {
  if (typeof value !== 'string') return hashText(hash, JSON.stringify(value));
  let h = Math.imul(hash ^ QUOTE, PRIME);
  for (let i = 0; i < value.length; i++) {
    const c = value.charCodeAt(i);
    if (isEscaped(c)) return hashText(hash, JSON.stringify(value));
    h = Math.imul(h ^ c, PRIME);
  }
  return Math.imul(h ^ QUOTE, PRIME);
};

/** Of surrogates only lone ones are. */
const isEscaped = (c: number): boolean => c < 0x20 || c === QUOTE || c === BACKSLASH || (c >= 0xd800 && c <= 0xdfff);
