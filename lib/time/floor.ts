/**
 * Partitions of a merged task, `from … to`, whose parent was ahead: what was closed under its watermark stays closed, although
 * the task's own watermark begins lower.
 */
export interface Floor {
  readonly from: number;
  readonly to: number;
  readonly watermarkMs: number;
}

/** The watermark that decides what is late on a partition. */
export const watermarkAt = (floors: readonly Floor[], lp: number, watermarkMs: number): number => {
  let highest = watermarkMs;
  for (const floor of floors) {
    if (floor.from <= lp && lp <= floor.to && floor.watermarkMs > highest) highest = floor.watermarkMs;
  }
  return highest;
};

/** Those that a watermark has not reached. */
export const floorsAbove = (floors: readonly Floor[], watermarkMs: number): readonly Floor[] =>
  floors.filter((floor) => floor.watermarkMs > watermarkMs);
