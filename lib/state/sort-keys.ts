/**
 * DynamoDB orders sort keys by their UTF-8 bytes. UTF-16 order differs from it only where a surrogate meets a unit
 * above the surrogates, so units are compared after moving the surrogates to the top.
 */
const rank = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800);

/** @returns negative, 0 or positive, as for `Array.prototype.sort` */
export const compareSortKeys = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = a.charCodeAt(i) - b.charCodeAt(i);
    if (difference !== 0) return rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
  }
  return a.length - b.length;
};
