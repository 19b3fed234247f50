import * as z from 'zod';
import { checkOptions } from '../core/check-options.ts';
import type { Delivery, LogicalGraph } from '../graph/logical-graph.ts';

/** Options of {@link definePipeline}. */
export interface PipelineOptions {
  /**
   * When rows leave for sinks; state and the hops between stages are exactly-once in each. `exactly-once`: with the commit, as
   * often as it takes. `at-least-once`: before it, so that the commit need not keep them; a crash, or another container at
   * work on the shard, repeats them. `at-most-once`: after it, one time, and what is refused is counted and given up. The
   * plan says what each sink holds then; tables keep exactly-once under `at-least-once`. Default `exactly-once`.
   */
  readonly delivery?: Delivery;
  /**
   * Logical partitions: how finely keys are spread, and so how many shards of a repartition stream can be of use. It
   * cannot change while the pipeline keeps its state. Default 64.
   */
  readonly partitions?: 64 | 128 | 256;
  /** When so many records are rejected that the fault is in the pipeline rather than in the records. */
  readonly quarantine?: {
    /** The task stops when more than this share of the records is rejected. 0 … 1, default 0.05. */
    readonly maxFraction?: number;
    /** But not before it has seen this many. Default 100. */
    readonly minRecords?: number;
    /**
     * What happens to a key after one of its rows or panes was rejected in a keyed stage. `continue`: it goes on without
     * it. `park-key`: all that follows of this key waits, in order, until `millrace redrive` has the rejected one
     * processed; other keys go on. Default `continue`.
     */
    readonly afterRejection?: 'continue' | 'park-key';
  };
}

const fraction = z.number({ error: 'expected a number, 0 … 1' }).min(0).max(1);

const optionsShape = z.strictObject({
  delivery: z
    .enum(['exactly-once', 'at-least-once', 'at-most-once'], {
      error: "expected 'exactly-once', 'at-least-once' or 'at-most-once'",
    })
    .default('exactly-once'),
  partitions: z.literal([64, 128, 256], { error: 'expected 64, 128 or 256' }).default(64),
  quarantine: z
    .strictObject({
      maxFraction: fraction.default(0.05),
      minRecords: z.int({ error: 'expected a whole number, 1 or more' }).min(1).default(100),
      afterRejection: z
        .enum(['continue', 'park-key'], { error: "expected 'continue' or 'park-key'" })
        .default('continue'),
    })
    .prefault({}),
});

/** The options with their defaults. @throws `INVALID_OPTION` */
export const readPipelineOptions = (
  pipeline: string,
  options: unknown,
): Pick<LogicalGraph, 'delivery' | 'partitions' | 'quarantine'> =>
  checkOptions(`pipeline '${pipeline}'`, optionsShape, options);
