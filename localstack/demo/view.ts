import type { LocalStageStats } from 'millrace/local';
import type { CheckResult } from './check.ts';
import type { RevenueRow } from './results.ts';

/** What there is to see at one moment. */
export interface DemoMoment {
  /** `starting` … `checking`, in words for people. */
  readonly doing: string;
  /** 0 … 1; `undefined` where the end is not known. */
  readonly progress: number | undefined;
  readonly elapsedMs: number;
  readonly sent: number;
  readonly eventMs: number;
  readonly stages: Readonly<Record<string, LocalStageStats>>;
  /** Whether the shards are what there is to see. */
  readonly showsShards: boolean;
  /** The newest minutes of the table. */
  readonly rows: readonly RevenueRow[];
}

export interface DemoOutcome extends CheckResult {
  readonly seed: number;
  readonly elapsedMs: number;
  readonly kills: number;
  readonly retries: number;
  readonly republished: number;
  readonly lostRaces: number;
  readonly coldStarts: number;
  readonly commits: number;
  /** Changes of a stream's shards; only where there were to be some. */
  readonly reshards?: number;
}

/** Where the demo shows itself: a screen, lines, or nothing but JSON at the end. */
export interface DemoView {
  /** A sentence that stays. */
  say(sentence: string): void;
  /** Something that happened to the pipeline; it stays too. */
  happened(event: string): void;
  show(moment: DemoMoment): void;
  /** The screen ends; what follows are lines. */
  end(): void;
  verdict(outcome: DemoOutcome): void;
}
