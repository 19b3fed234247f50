/**
 * Kinesis sequence numbers are decimal numbers of different lengths: the longer one is the greater one, and only among
 * equal lengths does the text decide. Leading zeros do not occur.
 * @returns negative, 0 or positive, as for `Array.prototype.sort`
 */
export const compareSequenceNumbers = (a: string, b: string): number =>
  a.length !== b.length ? a.length - b.length : a < b ? -1 : a > b ? 1 : 0;
