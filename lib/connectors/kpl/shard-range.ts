import { hash } from 'node:crypto';
import { largestHashKey, type UserRecord } from './format.ts';

/**
 * Where a record belongs in the hash space, as Kinesis itself computes it: the explicit hash key, or else the MD5 of
 * the partition key's UTF-8 bytes as an unsigned big-endian number.
 */
export const effectiveHashKey = (record: Pick<UserRecord, 'partitionKey' | 'explicitHashKey'>): bigint =>
  record.explicitHashKey === undefined
    ? BigInt(`0x${hash('md5', record.partitionKey, 'hex')}`)
    : BigInt(record.explicitHashKey);

/**
 * Whether a user record of an aggregate belongs to the shard it was read from.
 *
 * The Kinesis Producer Library aggregates for the shard it expects. When a split or merge sends the aggregate elsewhere,
 * it sends every user record again that is outside the shard which took it, so the reader must drop those, or they
 * count twice.
 *
 * The Kinesis Client Library drops *all* user records of such an aggregate. The producer (0.15 and later) sends again
 * only those outside, unless it has not heard of the new shard yet, when it sends all: dropping only those outside
 * never loses a record; during a reshard one may come twice from a producer whose shard map is old.
 *
 * @param hashStart the shard's first hash key, inclusive
 * @param hashEnd the shard's last hash key, inclusive
 * @example deaggregate(record)?.filter((userRecord) => withinShard(userRecord, shard.hashStart, shard.hashEnd))
 */
export const withinShard = (
  userRecord: Pick<UserRecord, 'partitionKey' | 'explicitHashKey'>,
  hashStart: bigint,
  hashEnd: bigint,
): boolean => {
  // A stream of one shard: nothing to hash.
  if (hashStart === 0n && hashEnd === largestHashKey) return true;
  const hashKey = effectiveHashKey(userRecord);
  return hashKey >= hashStart && hashKey <= hashEnd;
};
