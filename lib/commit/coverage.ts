import { MIN_WATERMARK_MS } from '../time/watermark-strategy.ts';
import type { CoveredRun, HopOutput } from './outbox.ts';

/**
 * What a task has sent to one repartition stream: per logical partition the last commit that covered it. Receivers
 * apply a commit to a partition only after the one named here, so nothing is lost on the way without being missed.
 */
export class Coverage {
  readonly lastN: Float64Array;
  /** The watermark of the last commit that covered all partitions. */
  watermarkMs = MIN_WATERMARK_MS;
  excluded = false;

  constructor(partitions: number) {
    this.lastN = new Float64Array(partitions);
  }

  /** The runs that commit n will cover: `ranges` cut where the commit before differs. */
  runsOver(ranges: Iterable<readonly [from: number, to: number]>): CoveredRun[] {
    const runs: CoveredRun[] = [];
    for (const [first, last] of ranges) {
      for (let from = first; from <= last; ) {
        const prev = this.lastN[from] as number;
        let to = from;
        while (to < last && this.lastN[to + 1] === prev) to++;
        runs.push({ from, to, prev });
        from = to + 1;
      }
    }
    return runs;
  }

  apply(n: number, hop: HopOutput): void {
    let covered = 0;
    for (const run of hop.covers) {
      this.lastN.fill(n, run.from, run.to + 1);
      covered += run.to - run.from + 1;
    }
    if (covered < this.lastN.length) return;
    this.watermarkMs = hop.watermarkMs;
    this.excluded = hop.excluded;
  }
}
