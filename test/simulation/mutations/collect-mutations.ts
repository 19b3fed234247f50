import { type Mutation, one, tested } from './mutation.ts';

const row = 'a sealed log is collected while somebody needs it';

/** What a sealed log held is deleted, each rule of it broken. */
export const collectMutations: readonly Mutation[] = [
  one(
    row,
    'parents are collected before all their children have begun',
    'commit/collect-log.ts',
    "if (found?.status !== 'READY') return waits;",
    'void found;',
  ),
  one(
    row,
    'what a log held is deleted before its registry says so',
    'commit/collect-log.ts',
    'await log.markCollected(registry, seal.n);',
    'await log.stripSlots(ring);\n    await log.markCollected(registry, seal.n);',
  ),
  one(
    row,
    'what a log held is deleted, and its registry does not say so',
    'commit/collect-log.ts',
    '    await log.markCollected(registry, seal.n);\n',
    '',
  ),
  one(
    row,
    'the registry of a collected log may be moved by a late snapshot',
    'commit/collect-log.ts',
    'markCollected(registry, seal.n);',
    'markCollected(registry, registry.n);',
  ),
  one(
    row,
    'slots of a collected log are deleted, and fence nothing',
    'commit/commit-log.ts',
    "await this.#items.put(bare, { kind: 'equals', attribute: 'n', value: header.n });",
    'await this.#items.deleteMany([{ pk: bare.pk, sk: bare.sk }]);',
  ),
  tested(
    'unit/commit/collect-log.test.ts',
    one(
      row,
      'a zombie takes a body that was collected for damage',
      'commit/commit-log.ts',
      "if (payload.at === 'none') throw new RingWrapped(this.unit);",
      '',
    ),
  ),
  tested(
    'unit/commit/collect-log.test.ts',
    one(
      row,
      'a reader that was loaded before takes what was collected for nothing',
      'runtime/snapshot-pointer.ts',
      '      if (registry.isCollected) throw this.#collected();\n',
      '',
    ),
  ),
  tested(
    'unit/commit/collect-log.test.ts',
    one(
      row,
      'a child begins with what a collected parent has left',
      'runtime/snapshot-pointer.ts',
      '    if (this.#registry?.isCollected) throw this.#collected();\n',
      '',
    ),
  ),
];
