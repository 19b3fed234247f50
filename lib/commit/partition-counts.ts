/** Of a list of things, each of one partition: a partition, how many of the next ones are its, and so on. */
export type PartitionCounts = readonly number[];

/** Adds one to the last partition's, or begins with the next one. */
export const countOne = (counts: number[], lp: number): void => {
  const last = counts.length - 2;
  if (counts[last] === lp) (counts[last + 1] as number)++;
  else counts.push(lp, 1);
};

export const totalOf = (counts: PartitionCounts): number => {
  let total = 0;
  for (let i = 1; i < counts.length; i += 2) total += counts[i] as number;
  return total;
};

/** The stretch of the list that each partition has. */
export const forEachPartition = (
  counts: PartitionCounts,
  each: (lp: number, from: number, to: number) => void,
): void => {
  let from = 0;
  for (let i = 0; i < counts.length; i += 2) {
    const to = from + (counts[i + 1] as number);
    each(counts[i] as number, from, to);
    from = to;
  }
};
