import { type Mutation, one, tested } from './mutation.ts';

/** What is written and read below the protocol: slots, blobs, strong reads, and who may be trusted of them. */
export const storeMutations: readonly Mutation[] = [
  {
    row: 'the answer to a put is lost',
    name: 'an unknown outcome is taken for failure',
    patches: [
      {
        file: 'lib/commit/commit-log.ts',
        find: "{ kind: 'equals', attribute: 'n', value: header.n - this.ringSize });\n    if (put.applied) return true;",
        replace:
          "{ kind: 'equals', attribute: 'n', value: header.n - this.ringSize }).catch(() => undefined);\n    if (put === undefined) return false;\n    if (put.applied) return true;",
      },
    ],
  },
  one(
    'a zombie overwrites blobs of a commit',
    'blobs of two tries at one commit have one name',
    'commit/blob-ref.ts',
    'ref.attemptId}`;',
    "/-[sm]$/.exec(ref.attemptId)?.[0] ?? 'c'}`;",
  ),
  one(
    'a put lands after its process died',
    'a blob is referred to before it is acknowledged',
    'commit/blob-store.ts',
    'await place.put(ref, content);',
    'void place.put(ref, content).catch(() => undefined);',
  ),
  one(
    'a snapshot is collected under a reader',
    'objects of a bucket are collected although they are in use',
    'commit/object-blobs.ts',
    'swept.filter((key) => !kept.has(key))',
    'swept',
  ),
  one(
    'two versions are alive',
    'who puts nothing new into the bucket does not look there either',
    'commit/blob-store.ts',
    'if (ref.in === undefined) return this.#chunks;',
    'if (ref.in === undefined || !this.#takesNew) return this.#chunks;',
  ),
  one(
    'a read is torn or old',
    'a chain of slots may have holes',
    'commit/commit-log.ts',
    'if (slot.header.n > expected) throw new RingWrapped(this.unit);',
    '',
  ),
  tested(
    'unit/aws/dynamo-batches.test.ts',
    one(
      'a read is torn or old',
      'single items are read as they may have been before',
      'aws/dynamo-item-store.ts',
      'Key: toWireKey(key), ConsistentRead: true }',
      'Key: toWireKey(key), ConsistentRead: false }',
    ),
  ),
  tested(
    'unit/aws/dynamo-batches.test.ts',
    one(
      'a read is torn or old',
      'slots are read as they may have been before',
      'aws/dynamo-item-store.ts',
      'ConsistentRead: true,\n',
      'ConsistentRead: false,\n',
    ),
  ),
  one(
    'a shard is never invoked',
    'a parent that nobody was invoked for begins without what its own parents left',
    'runtime/task.ts',
    'await this.#refresh(true, deadline);\n      for (const races',
    'await this.#head.refresh(true, async () => undefined);\n      for (const races',
  ),
  one(
    'a snapshot is collected under a reader',
    'a reader does not look for the snapshot that came after',
    'runtime/task-store.ts',
    'if (!(error instanceof RingWrapped) && !(error instanceof BlobMissing)) throw error;',
    'throw error;',
  ),
  tested(
    'integration/adapters/memory.test.ts',
    one(
      'the state table is rolled back, and numbers are used again',
      'rows of a new incarnation count as old',
      'connectors/row-fence.ts',
      'a.incarnation - b.incarnation || a.n - b.n',
      'a.n - b.n',
    ),
  ),
  one(
    'clocks are wrong',
    'who succeeded within the last minute trusts the clock, and not the positions',
    'runtime/task.ts',
    'if (seen === undefined) return records;',
    'if (seen === undefined || this.#isRecent()) return records;',
  ),
];
