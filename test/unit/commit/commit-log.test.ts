import { describe, expect, it } from 'vitest';
import { RingWrapped } from '../../../lib/commit/commit-log.ts';
import { RING_SIZE, slotKey } from '../../../lib/commit/slot.ts';
import type { Item, ItemStore } from '../../../lib/state/item-store.ts';
import { type Faults, faultyItems } from '../../support/faulty-ports.ts';
import { LogRig, open, PARTITIONS, UNIT } from '../../support/log-rig.ts';

const inline = (text: string) => ({ at: 'inline', bytes: Buffer.from(text) }) as const;

/** Holds back the calls that a test names until it lets them go. */
class Freezer implements Faults {
  frozen = false;
  readonly #held: (() => void)[] = [];

  async around<T>(_call: unknown, effect: () => Promise<T>): Promise<T> {
    if (this.frozen) await new Promise<void>((go) => this.#held.push(go));
    return effect();
  }

  thaw(): void {
    this.frozen = false;
    for (const go of this.#held.splice(0)) go();
  }
}

describe('genesis', () => {
  it('makes a ring of slots and one registry, whoever of many initialisers is first', async () => {
    const rig = new LogRig();
    const made = await Promise.all(Array.from({ length: 8 }, () => rig.log().genesis(0, PARTITIONS)));
    expect(new Set(made.map((registry) => JSON.stringify(registry))).size).toBe(1);
    expect(made[0]).toMatchObject({ status: 'READY', base: 0, n: 0 });
    expect(rig.memory.dump()).toHaveLength(RING_SIZE + 1);
  });

  it.each([1, 5, 60, 127, 129])(
    'changes nothing when a frozen initialiser wakes up after %i of its calls and some commits',
    async (calls) => {
      const rig = new LogRig();
      const freezer = new Freezer();
      let count = 0;
      const counting: Faults = {
        around: (call, effect) => {
          if (++count > calls) freezer.frozen = true;
          return freezer.around(call, effect);
        },
      };
      const frozen = rig.log(faultyItems(rig.memory, counting)).genesis(0, PARTITIONS);
      const store = rig.store();
      await open(store);
      for (let n = 1; n <= 70; n++) {
        expect(await rig.append(store)).toBe(true);
        await store.snapshotIfDue(() => undefined);
      }
      const before = rig.memory.dump();
      count = Number.NEGATIVE_INFINITY;
      freezer.thaw();
      expect(await frozen).toMatchObject({ status: 'READY' });
      expect(rig.memory.dump()).toEqual(before);
    },
  );

  it('of a child begins where its parent ended', async () => {
    const rig = new LogRig();
    expect(await rig.log().genesis(1_000, PARTITIONS)).toMatchObject({ base: 1_000, n: 1_000 });
    const { header } = rig.commit(1_001);
    expect(await rig.log().append(header, inline('{}'))).toBe(true);
  });
});

describe('append', () => {
  it('has one winner of many', async () => {
    const rig = new LogRig();
    await rig.log().genesis(0, PARTITIONS);
    const won = await Promise.all(
      Array.from({ length: 10 }, () => rig.log().append(rig.commit(1).header, inline('{}'))),
    );
    expect(won.filter(Boolean)).toHaveLength(1);
  });

  it('knows its own commit by the attempt id when the first answer was lost', async () => {
    const rig = new LogRig();
    await rig.log().genesis(0, PARTITIONS);
    const { header } = rig.commit(1);
    expect(await rig.log().append(header, inline('{}'))).toBe(true);
    expect(await rig.log().append(header, inline('{}'))).toBe(true);
    expect(await rig.log().append({ ...header, attemptId: 'another' }, inline('{}'))).toBe(false);
  });

  it('refuses a commit that is a ring behind, and one that is a ring ahead', async () => {
    const rig = new LogRig();
    await rig.log().genesis(0, PARTITIONS);
    for (let n = 1; n <= RING_SIZE + 1; n++) await rig.log().append(rig.commit(n).header, inline('{}'));
    expect(await rig.log().append(rig.commit(1).header, inline('{}'))).toBe(false);
    expect(await rig.log().append(rig.commit(RING_SIZE * 2 + 1 + RING_SIZE).header, inline('{}'))).toBe(false);
  });

  it('refuses a missing slot as CORRUPT_LOG instead of making one', async () => {
    const rig = new LogRig();
    await rig.log().genesis(0, PARTITIONS);
    await rig.memory.deleteMany([slotKey(UNIT, 1)]);
    await expect(rig.log().append(rig.commit(1).header, inline('{}'))).rejects.toMatchObject({ code: 'CORRUPT_LOG' });
    expect(await rig.memory.get(slotKey(UNIT, 1))).toBeUndefined();
  });
});

describe('readChain', () => {
  const filled = async (commits: number): Promise<LogRig> => {
    const rig = new LogRig();
    await rig.log().genesis(0, PARTITIONS);
    for (let n = 1; n <= commits; n++) await rig.log().append(rig.commit(n).header, inline('{}'));
    return rig;
  };

  it.each([
    { commits: 5, first: 1, want: [1, 2, 3, 4, 5] },
    { commits: 5, first: 6, want: [] },
    { commits: 130, first: 125, want: [125, 126, 127, 128, 129, 130] },
  ])('reads the dense chain of $commits commits from $first', async ({ commits, first, want }) => {
    const rig = await filled(commits);
    for (const page of [1, 3, 64]) {
      expect((await rig.log().readChain(first, page)).map(({ header }) => header.n)).toEqual(want);
    }
  });

  it('reads a whole ring', async () => {
    const rig = await filled(200);
    expect(await rig.log().readChain(73, 8)).toHaveLength(RING_SIZE);
  });

  it('throws RingWrapped where the first one asked for is overwritten', async () => {
    const rig = await filled(200);
    await expect(rig.log().readChain(72, 8)).rejects.toThrow(RingWrapped);
  });

  it('throws RingWrapped where the ring moves past it while it reads', async () => {
    const rig = await filled(10);
    const writer = rig.log();
    let next = 11;
    const slow: ItemStore = faultyItems(rig.memory, {
      around: async (call, effect) => {
        const answer = await effect();
        if (call.operation === 'query') {
          for (let i = 0; i < 70; i++, next++) await writer.append(rig.commit(next).header, inline('{}'));
        }
        return answer;
      },
    });
    await expect(rig.log(slow).readChain(1, 2)).rejects.toThrow(RingWrapped);
  });

  it('throws CORRUPT_LOG where a slot is missing or cannot follow', async () => {
    const rig = await filled(5);
    await rig.memory.deleteMany([slotKey(UNIT, 3)]);
    await expect(rig.log().readChain(1, 8)).rejects.toMatchObject({ code: 'CORRUPT_LOG' });
    const other = await filled(5);
    await other.memory.put({ ...(await other.memory.get(slotKey(UNIT, 3))), n: -77 } as Item, { kind: 'none' });
    await expect(other.log().readChain(1, 8)).rejects.toMatchObject({ code: 'CORRUPT_LOG' });
  });
});
