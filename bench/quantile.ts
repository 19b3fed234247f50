/** The smallest value that at least this share of all does not exceed: the nearest rank. */
export const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)] as number;
