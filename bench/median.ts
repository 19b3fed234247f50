/** The one in the middle by what is measured of it; of an even number the upper one of the two. */
export const medianBy = <T>(runs: readonly T[], measure: (run: T) => number): T =>
  [...runs].sort((a, b) => measure(a) - measure(b))[runs.length >> 1] as T;

export const median = (values: readonly number[]): number => medianBy(values, (value) => value);
