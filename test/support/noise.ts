import { SeededRandom } from '../../lib/testing/seeded-random.ts';

const random = new SeededRandom(5);
const all = Buffer.from(Uint32Array.from({ length: 200_000 }, () => random.fraction() * 2 ** 32).buffer).toString(
  'base64',
);

/** Text that does not get much smaller by compression. */
export const noise = (length: number): string => {
  const from = Math.floor(random.fraction() * (all.length - length));
  return all.slice(from, from + length);
};
