import * as z from 'zod';
import { checkOptions } from '../core/check-options.ts';

/** Options of {@link createPipelineTestDriver}. All have defaults that suit most tests. */
export interface PipelineTestDriverOptions {
  /** Shards of every stream, 1 … 64. With more than one, records are dealt out in turn. Default 1. */
  readonly shards?: number;
  /** Records in a batch at most, where one `send` gives several. Default 1: every record has a commit of its own. */
  readonly batchSize?: number;
  /** Where the virtual clock starts, epoch milliseconds. Default 0, like the event times of most tests. */
  readonly startMs?: number;
  /** Seed of whatever is random inside. Default 1: every run is the same. */
  readonly seed?: number;
}

/** Options of {@link PipelineTestDriver.send}. */
export interface SendOptions {
  /** Index of the shard that the records go to. Default: the next in turn, for each record. */
  readonly shard?: number;
}

const positive = (max: number) =>
  z
    .int({ error: `expected a whole number, 1 … ${max}` })
    .min(1)
    .max(max);

const optionsShape = z.strictObject({
  shards: positive(64).default(1),
  batchSize: positive(10_000).default(1),
  startMs: z.int({ error: 'expected whole epoch milliseconds' }).default(0),
  seed: z.int({ error: 'expected a whole number' }).default(1),
});

/** @throws MillraceError `INVALID_OPTION` */
export const readDriverOptions = (options: PipelineTestDriverOptions) =>
  checkOptions('createPipelineTestDriver', optionsShape, options);
