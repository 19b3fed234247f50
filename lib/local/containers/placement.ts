import type { Random } from '../../core/random.ts';

/**
 * - `random`: any warm container may get any shard, and now and then a new one starts although a warm one is free. Lambda
 *   promises no more than this.
 * - `sticky`: a shard goes back to the container that served it last, if that one is free. What a quiet day looks like.
 */
export type Placement = 'random' | 'sticky';

/** How often random placement starts a container that it does not need. */
const newContainerChance = 0.2;

export interface PlacementCandidate {
  /** What it served last: see {@link affinityOf}. */
  readonly lastAffinity: string | undefined;
}

/** The stream and shard that an event of a Kinesis mapping comes from; `undefined` for other events. */
export const affinityOf = (event: unknown): string | undefined => {
  const first = (event as { Records?: readonly { eventID?: unknown; eventSourceARN?: unknown }[] } | null)
    ?.Records?.[0];
  if (typeof first?.eventID !== 'string') return undefined;
  return `${String(first.eventSourceARN)} ${first.eventID.split(':')[0]}`;
};

/** Which idle container takes the invocation; `undefined`: start a new one. */
export const chooseContainer = <C extends PlacementCandidate>(
  idle: readonly C[],
  canStart: boolean,
  placement: Placement,
  affinity: string | undefined,
  random: Random,
): C | undefined => {
  if (placement === 'random') {
    if (canStart && random.fraction() < newContainerChance) return undefined;
    return idle[Math.floor(random.fraction() * idle.length)];
  }
  const same = idle.find((container) => container.lastAffinity === affinity);
  if (same !== undefined) return same;
  const unused = idle.find((container) => container.lastAffinity === undefined);
  return unused ?? (canStart ? undefined : idle[0]);
};
