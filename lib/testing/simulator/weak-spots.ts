import type { Random } from '../../core/random.ts';
import type { Operation } from './operation.ts';

/** A kind of call that fails more often than the others in a seed: what lies close together in time is met together. */
export type WeakSpot = (typeof spots)[number];

const spots = ['registry', 'slots', 'blobs', 'streams', 'shard maps', 'sinks'] as const;

/** None in most seeds. */
export const drawWeakSpot = (random: Random): WeakSpot | undefined => {
  const chance = random.fraction();
  return chance < 0.4 ? spots[Math.floor((chance / 0.4) * spots.length)] : undefined;
};

export const isWeakSpot = (spot: WeakSpot | undefined, { port, name, target }: Operation<unknown>): boolean => {
  if (spot === undefined) return false;
  if (spot === 'sinks') return port === 'sinks';
  if (spot === 'streams') return port === 'streams' && name !== 'listShards';
  if (spot === 'shard maps') return name === 'listShards';
  if (spot === 'blobs' && port === 'blobs') return true;
  if (port !== 'items') return false;
  if (spot === 'registry') return target === 'S';
  return spot === 'slots' ? target.startsWith('L#') : /^\d/.test(target);
};
