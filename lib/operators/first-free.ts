import { firstWhere } from '../core/first-where.ts';

/**
 * The first index that is not taken, where those before it all are.
 * @param guess looked at first. A wrong one, as after a record that was undone, costs two looks
 */
export const firstFree = (isTaken: (index: number) => boolean, guess = 0): number => {
  if (guess > 0 && isTaken(guess - 1) && !isTaken(guess)) return guess;
  if (!isTaken(0)) return 0;
  let taken = 0;
  let free = 1;
  while (isTaken(free)) {
    taken = free;
    free *= 2;
  }
  return firstWhere(taken + 1, free, (index) => !isTaken(index));
};
