import type { Pipeline } from '../../lib/graph/pipeline.ts';
import type { MarketEvent } from './market-event.ts';

export type WorkId = 'tumbling' | 'sliding' | 'session' | 'interval-join' | 'filter-map' | 'repartition';

/** The work by hand: a loop over all events with what it keeps in its variables. */
export interface Loop {
  add(event: MarketEvent): void;
  /** The rows of the answer, once there are no more events. */
  finish(): readonly Row[];
}

/** Whole numbers, in the order of the work's columns. */
export type Row = readonly number[];

/** Something that is computed from the market's events, said three times over by different means. */
export interface Work {
  readonly id: WorkId;
  /** As the tables and docs/performance.md name it. */
  readonly letter: string;
  readonly title: string;
  /** The answer's columns: fields of the rows that the pipeline's sink `out` gets. */
  readonly columns: readonly string[];
  readonly pipeline: Pipeline;
  readonly makeLoop: () => Loop;
  /** The same over the tables `bid` and `auction`, with these columns. */
  readonly sql: string;
}
