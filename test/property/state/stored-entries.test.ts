import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeEntries, parseEntries, toChangeColumns, toLayers } from '../../../lib/commit/entry-columns.ts';
import { HASH_SEED, hashJson, hashText } from '../../../lib/core/text-hash.ts';
import { EntryTable } from '../../../lib/state/entry-table.ts';
import type { Entry, EntryChange } from '../../../lib/state/state-table.ts';
import { StoredEntries, type StoredLayer } from '../../../lib/state/stored-entries.ts';

const key = fc.oneof(
  fc.constantFrom<unknown>('a', 'b', '"', '\\', 'a|b', '7|"a"', '\ud800', '🌊', '\n', 'é', '', true, null),
  fc.string({ maxLength: 3 }),
  fc.integer({ min: -1, max: 12 }),
);
const start = fc.constantFrom(0, 7, 1_700_000_000_000, 1_700_000_010_000, -5);

/** An entry as an operator names it: by key, by start and key, or in its own way. */
const entryOf = (keys: fc.Arbitrary<unknown>, starts: fc.Arbitrary<number>) =>
  fc.tuple(fc.nat(2), keys, starts, fc.nat(9)).map(([naming, of, at, count]): [name: string, value: unknown] => {
    if (naming === 0) return [JSON.stringify(of), [of, [count], at]];
    if (naming === 1) return [`${at}|${JSON.stringify(of)}`, [of, at, [count], 1]];
    return [JSON.stringify([at, of]), { at, count }];
  });
const entry = entryOf(key, start);

/** What is stored at once: each entry is set or deleted, and named once. */
const batch = fc
  .array(fc.tuple(entry, fc.boolean()), { maxLength: 12 })
  .map((drawn) => new Map(drawn.map(([[name, value], isDeleted]) => [name, isDeleted ? undefined : value])));

const changesOf = (changes: ReadonlyMap<string, unknown>): EntryChange[] =>
  [...changes].map(([name, value]) => ({ lp: 3, table: 0, key: name, value }));

const layersOf = (changes: ReadonlyMap<string, unknown>): StoredLayer[] =>
  toLayers(parseEntries(encodeEntries(toChangeColumns(changesOf(changes)))).e ?? []).map(([, layer]) => layer);

const fold = (batches: readonly ReadonlyMap<string, unknown>[]): Map<string, unknown> => {
  const model = new Map<string, unknown>();
  for (const changes of batches) {
    for (const [name, value] of changes) {
      if (value === undefined) model.delete(name);
      else model.set(name, value);
    }
  }
  return model;
};

/** JSON knows no lone surrogates. */
const sorted = (entries: Iterable<readonly [string, unknown]>) =>
  JSON.stringify([...entries].sort(([a], [b]) => (a < b ? -1 : Number(a > b))));

describe('entries that are left as they are stored', () => {
  it('are those that their layers, one above the other, come to', () => {
    fc.assert(
      fc.property(fc.array(batch, { maxLength: 5 }), fc.array(entry), (batches, removed) => {
        const stored = new StoredEntries(batches.flatMap(layersOf));
        const model = fold(batches);
        for (const [name] of removed) {
          stored.remove(name);
          model.delete(name);
        }
        expect(stored.size).toBe(model.size);
        expect(sorted(stored)).toBe(sorted(model));
        expect([...stored.names()].sort()).toEqual([...model.keys()].sort());
        expect([...stored.values()]).toHaveLength(model.size);
        for (const name of [...batches.flatMap((changes) => [...changes.keys()]), ...removed.map(([name]) => name)])
          expect(JSON.stringify(stored.get(name))).toBe(JSON.stringify(model.get(name)));
      }),
    );
  });

  it('stay beneath what has changed since, in a table that takes them over at any time', () => {
    const few = entryOf(fc.constantFrom('a', 'b'), fc.constantFrom(0, 7));
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.tuple(few, fc.boolean()).map(([set, knows]) => ({ set, knows })) },
      { weight: 3, arbitrary: few.map(([name]) => ({ deleted: name })) },
      { weight: 3, arbitrary: few.map(([name]) => ({ used: name })) },
      { weight: 1, arbitrary: fc.constant('snapshot' as const) },
      { weight: 1, arbitrary: fc.constant('take over' as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (script) => {
        const table = new EntryTable();
        const model = new Map<string, unknown>();
        let image = new Map<string, unknown>();
        const changed = new Set<string>();
        let n = 0;
        // Entries that somebody has found at some time, and may write though they have gone.
        const known = new Map<string, Entry>();
        for (const one of script) {
          if (one === 'snapshot') {
            image = new Map(model);
            changed.clear();
            table.covered(n, true);
          } else if (one === 'take over') {
            table.adopt(new StoredEntries(layersOf(image)));
          } else if ('used' in one) {
            const found = table.find(one.used);
            expect(JSON.stringify(found?.value)).toBe(JSON.stringify(model.get(one.used)));
            if (found !== undefined) known.set(one.used, found);
          } else if ('deleted' in one) {
            table.change(++n, one.deleted, undefined, undefined);
            model.delete(one.deleted);
            changed.add(one.deleted);
          } else {
            const [name, value] = one.set;
            const before = table.change(++n, name, value, one.knows ? known.get(name) : undefined);
            expect(JSON.stringify(before)).toBe(JSON.stringify(model.get(name)));
            model.set(name, value);
            changed.add(name);
          }
          expect(table.size).toBe(model.size);
          expect(sorted(table)).toBe(sorted(model));
          expect(sorted(table.changes())).toBe(sorted([...changed].map((name) => [name, model.get(name)] as const)));
        }
        const rows = table.rows();
        expect(new Set(rows.map(({ naming }) => naming)).size).toBe(rows.length);
        expect(
          sorted(
            rows.flatMap((of) => Array.from({ length: of.count }, (_, i) => [of.nameAt(i), of.valueAt(i)] as const)),
          ),
        ).toBe(sorted(model));
        expect([...table.keys()].sort()).toEqual([...model.keys()].sort());
        for (const name of model.keys()) table.change(n, name, undefined, undefined);
        expect([table.size, table.bytes]).toEqual([0, 0]);
      }),
    );
  });
});

describe('hashJson', () => {
  it('is the hash of the JSON', () => {
    fc.assert(
      fc.property(key, (value) => {
        expect(hashJson(HASH_SEED, value)).toBe(hashText(HASH_SEED, JSON.stringify(value)));
      }),
    );
  });
});
