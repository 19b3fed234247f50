import { hashKey, logicalPartitionOf } from '../core/hash.ts';
import { RejectionError } from './rejection-error.ts';

/** A key as JSON text: what is hashed, and what names it in state. `1` and `"1"` are two keys. */
export const keyText = (operator: string, key: unknown): string => {
  if (typeof key === 'string' || typeof key === 'boolean' || (typeof key === 'number' && Number.isFinite(key))) {
    return JSON.stringify(key);
  }
  throw new RejectionError(
    'KEY',
    operator,
    `a key is a string, a finite number or a boolean; this one is ${describe(key)}`,
  );
};

export const partitionOfKey = (keyJson: string, partitions: number): number =>
  logicalPartitionOf(hashKey(keyJson), partitions);

const describe = (key: unknown): string =>
  key === null ? 'null' : typeof key === 'number' ? String(key) : `of type ${typeof key}`;
