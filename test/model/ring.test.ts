import { describe, expect, it } from 'vitest';
import { BlobStore } from '../../lib/commit/blob-store.ts';
import { CommitLog } from '../../lib/commit/commit-log.ts';
import { encodeSlot } from '../../lib/commit/slot.ts';
import { MemoryItemStore } from '../../lib/memory/memory-item-store.ts';
import { SeededRandom } from '../../lib/testing/seeded-random.ts';
import { expectItBreaks, expectItHolds } from './check-model.ts';
import { accepts, chainAfter, type RingRules, ringModel, ringRules } from './ring-model.ts';

const acknowledged = 'invariant 2: what was acknowledged is in committed state';
/** The ring is there, and nothing goes wrong but that containers freeze. */
const quiet: RingRules = { ...ringRules, genesis: false, records: 3, faults: 0 };

describe('the ring log', () => {
  it.each<[string, RingRules]>([
    ['while its ring is made, with a fault', { ...ringRules, records: 2 }],
    ['while its ring wraps twice', { ...quiet, records: 4 }],
    ['when a put gets no answer, lands twice or after its sender’s death', { ...quiet, faults: 1, batchSizes: [1] }],
    ['when that happens to batches that differ', { ...quiet, records: 2, faults: 1 }],
  ])('keeps every acknowledged record %s', (what, rules) => {
    expectItHolds(`ring log ${what}`, ringModel(rules));
  });

  it.each<[string, Partial<RingRules>, number]>([
    // 11 where loading is one step, and a put and its landing are.
    [
      'is an append-only log whose covered entries are deleted',
      { condition: 'absent', ringSize: 6, coverFirst: false },
      15,
    ],
    // 8 where moreover the ring is made in one step and containers do not wait for a batch.
    ['lets a frozen initialiser put slots without a condition', { genesis: true, conditionalGenesis: false }, 13],
    ['overwrites slots that no snapshot covers', { coverFirst: false }, 13],
    ['lets a stale container move the snapshot back', { records: 4, conditionalSnapshot: false }, 22],
    ['knows its own commit by the number', { attemptIds: false }, 11],
    ['takes an unknown outcome for a success', { faults: 1, guess: true }, 6],
  ])('loses an acknowledged record if it %s', (_what, broken, steps) => {
    expectItBreaks(ringModel({ ...quiet, ...broken }), acknowledged, steps);
  });
});

describe('the model', () => {
  /** A ring of two after genesis and up to four commits, some of them lost to time. */
  const rings = [0, 1, 2, 3, 4].map((newest) =>
    [0, 1].map((index) => {
      const n = newest % 2 === index ? newest : newest - 1;
      return { n, attempt: `attempt ${n}`, from: Math.max(0, n - 1), upTo: Math.max(0, n) };
    }),
  );

  it('accepts the puts that CommitLog accepts, and reads the chains that it reads', async () => {
    for (const ring of rings) {
      for (let n = 1; n <= 6; n++) {
        const items = new MemoryItemStore();
        for (const entry of ring) await items.put(encodeSlot(unit, slotOf(entry), 2), { kind: 'none' });
        const log = new CommitLog(unit, items, new BlobStore({ items }, unit), new SeededRandom(1), 2);
        const known = { n: n - 1, upTo: n - 1 };
        const chain = chainAfter(ringRules, { ring }, known);
        if (n <= ring.reduce((max, entry) => Math.max(max, entry.n), 0) + 1) {
          const real = await log.readChain(n, 2).catch((error: Error) => error.name);
          expect(Array.isArray(real) ? n - 1 + real.length : real).toBe(chain?.n ?? 'RingWrapped');
        }
        const put = { n, attempt: 'mine', from: n - 1, upTo: n };
        const { header, payload } = slotOf(put);
        expect(await log.append(header, payload)).toBe(accepts(ringRules, ring, put));
      }
    }
  });
});

const unit = 'job/1/stage/stream@0/shard';

const slotOf = ({ n, attempt }: { n: number; attempt: string }) => ({
  header: {
    n,
    attemptId: attempt,
    epoch: 1,
    kind: 'batch' as const,
    position: { sequenceNumber: undefined, arrivalMs: 0, emptyAsOfMs: 0 },
    watermarkMs: 0,
  },
  payload: { at: 'none' as const },
});
