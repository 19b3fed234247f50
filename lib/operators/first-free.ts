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
  while (free - taken > 1) {
    const middle = (taken + free) >> 1;
    if (isTaken(middle)) taken = middle;
    else free = middle;
  }
  return free;
};
