import { ManualClock, SeededRandom } from 'millrace/testing';
import { describe, expect, it } from 'vitest';

describe('the manual clock', () => {
  it('stands still until it is moved', () => {
    const clock = new ManualClock(1_000);
    expect(clock.nowMs()).toBe(1_000);
    clock.advance(250);
    clock.advance(-500);
    expect(clock.nowMs()).toBe(1_250);
  });

  it('moves by a sleep, which ends at once', async () => {
    const clock = new ManualClock();
    await clock.sleep(86_400_000.5);
    expect(clock.nowMs()).toBe(86_400_001);
  });
});

describe('seeded randomness', () => {
  const some = (seed: number) => {
    const random = new SeededRandom(seed);
    return Array.from({ length: 1_000 }, () => random.fraction());
  };

  it('repeats itself for one seed and differs for another', () => {
    expect(some(1)).toEqual(some(1));
    expect(some(1)).not.toEqual(some(2));
  });

  it('fills 0 … 1 without reaching 1', () => {
    const tenths = new Set(some(3).map((fraction) => Math.floor(fraction * 10)));
    expect([...tenths].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('never gives an id twice', () => {
    const random = new SeededRandom(1);
    expect(new Set(Array.from({ length: 1_000 }, () => random.uniqueId())).size).toBe(1_000);
  });
});
