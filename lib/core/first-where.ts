/**
 * The first whole number from `from` on that `isReached`, or `to` where none before it is: a binary search.
 * @param isReached must hold for every number after the first that it holds for
 * @example
 * ```ts
 * firstWhere(0, sorted.length, (i) => sorted[i]! >= 10); // where 10 is, or would be inserted
 * ```
 */
export const firstWhere = (from: number, to: number, isReached: (index: number) => boolean): number => {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2);
    if (isReached(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
};
