/** While one is waited for or used, so many others are on their way, unless it is said. */
const AHEAD = 3;

/**
 * Reads what each item needs and uses it, in order; while one is used, the next ones are read. After a failure nothing new is begun, and the
 * error is thrown when all reads that were begun have ended.
 */
export const forEachReadAhead = async <T, V>(
  items: readonly T[],
  read: (item: T) => Promise<V>,
  use: (item: T, value: V) => void,
  ahead = AHEAD,
): Promise<void> => {
  const reads: Promise<V>[] = [];
  try {
    for (const [i, item] of items.entries()) {
      while (reads.length < Math.min(i + 1 + ahead, items.length)) {
        const reading = read(items[reads.length] as T);
        // It may fail while another one is waited for.
        reading.catch(() => undefined);
        reads.push(reading);
      }
      use(item, (await reads[i]) as V);
    }
  } finally {
    await Promise.allSettled(reads);
  }
};
