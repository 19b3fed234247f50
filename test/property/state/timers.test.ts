import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toChangeColumns, toLayers } from '../../../lib/commit/entry-columns.ts';
import { StatePartition } from '../../../lib/state/state-partition.ts';
import type { StateTable } from '../../../lib/state/state-table.ts';
import { TimeHeap } from '../../../lib/state/time-heap.ts';

describe('TimeHeap', () => {
  it('gives back what it was given, in the order of time', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer(), { nil: undefined })), (script) => {
        const heap = new TimeHeap<number>();
        const model: number[] = [];
        for (const timeMs of script) {
          if (timeMs !== undefined) {
            heap.push(timeMs, timeMs);
            model.push(timeMs);
            model.sort((a, b) => a - b);
          } else expect(heap.pop()).toBe(model.shift());
          expect([heap.firstMs, heap.first]).toEqual([model[0], model[0]]);
        }
        expect(heap.size).toBe(model.length);
      }),
    );
  });

  it('shows what is due in the order of time, and keeps it', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 })), fc.integer({ min: 0, max: 20 }), (times, untilMs) => {
        const heap = new TimeHeap<string>();
        for (const timeMs of times) heap.push(timeMs, `at ${timeMs}`);
        const due = times.filter((timeMs) => timeMs <= untilMs).sort((a, b) => a - b);
        expect([...heap.until(untilMs)]).toEqual(due.map((timeMs) => [timeMs, `at ${timeMs}`]));
        expect(heap.size).toBe(times.length);
      }),
    );
  });
});

const LP = 3;
const specs: StateTable[] = ['one', 'two', 'without'].map((id, i) => ({
  id,
  timerMs: (value) => (i === 2 ? undefined : (value as number)),
}));

const time = fc.integer({ min: 0, max: 30 });
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ set: fc.nat(1), table: fc.nat(2), to: fc.option(time, { nil: undefined }) }) },
  { weight: 2, arbitrary: fc.record({ dueMs: time }) },
  { weight: 2, arbitrary: fc.constant('unload' as const) },
  { weight: 2, arbitrary: fc.record({ snapshotBefore: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.constant('rewritten' as const) },
);

describe('the timers of a partition', () => {
  it('are those of its entries, however it was loaded, changed, unloaded and covered before', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (script) => {
        const partition = new StatePartition(LP, specs);
        const model = new Map<string, number>();
        let stored: [key: string, value: number][] = [];
        const changeOf = ([name, value]: [string, number | undefined]) => ({
          lp: LP,
          table: Number(name[0]),
          key: name.slice(1),
          value,
        });
        const load = () => {
          if (partition.isLoaded) return;
          if (n % 2 === 0) partition.load(stored.map(changeOf));
          else partition.adopt(layersOf(stored));
        };
        // An image, and a run on top of it.
        const layersOf = (entries: [string, number][]) =>
          [entries.slice(0, 3), entries.slice(3)].flatMap((some) => toLayers(toChangeColumns(some.map(changeOf))));
        const due = (ms: number) => [...model].filter(([name, at]) => name[0] !== '2' && at <= ms);
        let n = 0;
        let covered = 0;
        const models: ReadonlyMap<string, number>[] = [new Map()];
        for (const one of script) {
          if (one === 'unload') {
            if (partition.isLoaded) partition.unload();
          } else if (typeof one === 'object' && 'snapshotBefore' in one) {
            // That of another container may be of some commits ago.
            covered = Math.max(covered, n - one.snapshotBefore);
            stored = [...(models[covered] as ReadonlyMap<string, number>)];
            const timerMs = Math.min(...stored.flatMap(([name, at]) => (name[0] === '2' ? [] : [at])));
            partition.covered(covered, { timerMs, watched: false, bytes: stored.length });
          } else if (one === 'rewritten') {
            load();
            stored = [...model];
            if (n % 2 === 0) partition.adopt(layersOf(stored));
            partition.covered(n);
            covered = n;
            if (n % 2 === 1) partition.adopt(layersOf(stored));
          } else if ('dueMs' in one) {
            expect(partition.timerMs).toBeLessThanOrEqual(Math.min(...due(100).map(([, at]) => at)));
            load();
            const found = [...partition.due(one.dueMs)];
            expect(found.map(({ timeMs }) => timeMs)).toEqual(found.map(({ timeMs }) => timeMs).sort((a, b) => a - b));
            // One that was moved away and back may be there twice.
            expect([...new Set(found.map(({ table, key, timeMs }) => `${table}${key}@${timeMs}`))].sort()).toEqual(
              due(one.dueMs)
                .map(([name, at]) => `${name}@${at}`)
                .sort(),
            );
          } else {
            const name = `${one.table}k${one.set}`;
            if (one.to === undefined) model.delete(name);
            else model.set(name, one.to);
            partition.apply(++n, changeOf([name, one.to]));
            models.push(new Map(model));
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
