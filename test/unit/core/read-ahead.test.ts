import { describe, expect, it } from 'vitest';
import { forEachReadAhead } from '../../../lib/core/read-ahead.ts';

/** Reads that end when they are told to, and all that happened, in order. */
const rig = (count: number) => {
  const seen: string[] = [];
  const ends = Array.from({ length: count }, () => Promise.withResolvers<void>());
  const done = forEachReadAhead(
    ends.map((_, i) => i),
    (i) => {
      seen.push(`read ${i}`);
      return (ends[i] as PromiseWithResolvers<void>).promise;
    },
    (i) => {
      seen.push(`use ${i}`);
    },
  );
  const turns = () => new Promise((resolve) => setImmediate(resolve));
  return {
    seen,
    done,
    ended: async (...which: number[]) => {
      for (const i of which) ends[i]?.resolve();
      await turns();
    },
    failed: async (i: number) => {
      ends[i]?.reject(new Error(`read ${i} failed`));
      await turns();
    },
  };
};

describe('reading ahead', () => {
  it('reads the next ones while one is waited for and used, and no more of them', async () => {
    const { seen, done, ended } = rig(6);
    expect(seen).toEqual(['read 0', 'read 1', 'read 2', 'read 3']);
    await ended(0);
    expect(seen.slice(4)).toEqual(['use 0', 'read 4']);
    await ended(1, 2, 3, 4, 5);
    await done;
    expect(seen.slice(6)).toEqual(['use 1', 'read 5', 'use 2', 'use 3', 'use 4', 'use 5']);
  });

  it('uses them in order, in whichever they were read', async () => {
    const { seen, done, ended } = rig(3);
    await ended(2, 1);
    expect(seen).not.toContain('use 1');
    await ended(0);
    await done;
    expect(seen.filter((what) => what.startsWith('use'))).toEqual(['use 0', 'use 1', 'use 2']);
  });

  it('throws what a read threw when all that were begun have ended, and begins no others', async () => {
    const { seen, done, ended, failed } = rig(9);
    let outcome = 'waits';
    done.catch((error: Error) => {
      outcome = error.message;
    });
    await failed(2);
    await ended(0);
    expect(outcome).toBe('waits');
    await ended(1);
    expect(outcome).toBe('waits');
    expect(seen).not.toContain('use 2');
    await ended(3, 4);
    expect(outcome).toBe('waits');
    await ended(5);
    expect(outcome).toBe('read 2 failed');
    expect(seen.filter((what) => what.startsWith('read'))).toHaveLength(6);
    await expect(done).rejects.toThrow();
  });

  it('does nothing where there is nothing', async () => {
    const { seen, done } = rig(0);
    await done;
    expect(seen).toEqual([]);
  });
});
