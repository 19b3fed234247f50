import { MillraceError } from '../../lib/errors/millrace-error.ts';
import type { Container, Ending } from './container.ts';
import type { World } from './world.ts';

export interface FinishOptions {
  /** The container for the next batch of a stage. */
  readonly containerOf: (stage: string) => Container;
  readonly batchSize: () => number;
  /** Batches that fail without a kill, in a row, before the test gives up. Default 20. */
  readonly maxFailures?: number;
}

/** Delivers until every stream is read to its end, then ends the input and delivers what follows from that. */
export const finish = async (world: World, options: FinishOptions): Promise<void> => {
  await drain(world, options);
  // A tick that loses against another leaves the publishing to the next one: on a schedule there always is a next one.
  for (let ticks = 0; ticks < 2; ticks++) {
    await endInput(world, options);
    await drain(world, options);
  }
};

const endInput = async (world: World, { containerOf, maxFailures = 20 }: FinishOptions): Promise<void> => {
  for (let tries = 0; tries < maxFailures; tries++) {
    const ending = await world.endInput(containerOf(world.source));
    requireRetryable(ending);
    if (ending.kind === 'done') return;
  }
  throw new Error(`the input could not be ended in ${maxFailures} tries`);
};

const drain = async (world: World, { containerOf, batchSize, maxFailures = 20 }: FinishOptions): Promise<void> => {
  let failures = 0;
  for (let busy = true; busy; ) {
    busy = false;
    for (const cursor of world.cursors) {
      const ending = await world.deliver(cursor, containerOf(cursor.stage), batchSize());
      if (ending === undefined) continue;
      busy = true;
      requireRetryable(ending);
      failures = ending.kind === 'failed' ? failures + 1 : 0;
      if (failures > maxFailures && ending.kind === 'failed') throw ending.error;
    }
  }
};

/** A fault is answered by another try; anything else is a defect. */
export const requireRetryable = (ending: Ending): void => {
  if (ending.kind !== 'failed') return;
  if (ending.error instanceof MillraceError && ending.error.kind === 'retryable') return;
  throw ending.error;
};
