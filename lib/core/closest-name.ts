/**
 * The known name that a mistyped one probably stands for: at most two fifths of its letters away, case apart.
 * @example closestName('oders', ['orders', 'clicks']) // 'orders'
 */
export const closestName = (given: string, known: readonly string[]): string | undefined => {
  let closest: string | undefined;
  let least = Math.ceil(given.length * 0.4) + 1;
  for (const name of known) {
    const distance = editDistance(given.toLowerCase(), name.toLowerCase());
    if (distance < least) {
      least = distance;
      closest = name;
    }
  }
  return closest;
};

/** How many letters have to be put in, left out or replaced. One row of the usual table at a time. */
const editDistance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
};
