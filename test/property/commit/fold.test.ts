import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entriesOf, LogRig, open, set } from '../../support/log-rig.ts';

/** One action of one of two containers that share a log. */
const action = fc.record({
  who: fc.nat({ max: 1 }),
  what: fc.constantFrom('commits' as const, 'catches up' as const, 'is cold' as const, 'snapshots' as const),
  times: fc.integer({ min: 1, max: 50 }),
  lp: fc.nat({ max: 7 }),
  key: fc.nat({ max: 9 }),
  value: fc.option(fc.nat(), { nil: undefined }),
});

describe('a state', () => {
  it('is the fold of all commits, whichever container made or loaded it, with snapshots and ring wraps between', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 25 }), async (actions) => {
        const rig = new LogRig();
        const model = new Map<string, string>();
        const stores = [rig.store(), rig.store()] as const;
        for (const store of stores) await open(store);
        for (const { who, what, times, lp, key, value } of actions) {
          const store = stores[who] as (typeof stores)[0];
          if (what === 'is cold') await open(store);
          if (what === 'catches up') await store.catchUp();
          if (what === 'snapshots') await store.snapshotIfDue(() => undefined);
          if (what !== 'commits') continue;
          for (let i = 0; i < times; i++) {
            const change = set(lp, `k${(key + i) % 10}`, value === undefined ? undefined : value + i);
            while (!(await rig.append(store, [change]))) await store.catchUp();
            const id = `${lp} 0 ${change.key}`;
            if (change.value === undefined) model.delete(id);
            else model.set(id, `${id} ${change.value}`);
          }
        }
        const cold = rig.store();
        await open(cold);
        for (const store of stores) await store.catchUp();
        for (const store of [cold, ...stores]) expect(await entriesOf(store)).toEqual([...model.values()].sort());
        expect(await rig.orphans()).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});
