import type { Random } from '../../lib/core/random.ts';

/** What is drawn, from one source of randomness. */

const letters = 'abcdefghijklmnopqrstuvwxyz';

/** 0 … count − 1. */
export const below = (random: Random, count: number): number => Math.floor(random.fraction() * count);

export const oneOf = <T>(random: Random, all: readonly T[]): T => all[below(random, all.length)] as T;

export const textOf = (random: Random, length: number): string => {
  let text = '';
  for (let i = 0; i < length; i++) text += letters[below(random, letters.length)];
  return text;
};

/** Text that fills a record up to about so many bytes: a fifth more or less. */
export const padding = (random: Random, bytes: number): string => {
  const spread = Math.round(bytes * 0.2);
  return textOf(random, bytes - spread + below(random, 2 * spread));
};

/** Each power of ten from 100 to 100,000,000 has as many prices as any other. */
export const priceOf = (random: Random): number => Math.round(10 ** (random.fraction() * 6) * 100);
