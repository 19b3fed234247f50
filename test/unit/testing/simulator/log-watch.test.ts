import { describe, expect, it } from 'vitest';
import { encodeBody } from '../../../../lib/commit/body-codec.ts';
import { encodeFrame } from '../../../../lib/commit/frame.ts';
import { emptyOutbox, type Outbox } from '../../../../lib/commit/outbox.ts';
import { encodeRegistry } from '../../../../lib/commit/registry.ts';
import { encodeSlot } from '../../../../lib/commit/slot.ts';
import { MemoryItemStore } from '../../../../lib/memory/memory-item-store.ts';
import { LogWatch } from '../../../../lib/testing/simulator/log-watch.ts';

const RING = 4;
const row = { lp: 3, n: 1, index: 0, eventTimeMs: 0, value: {}, partitionKey: undefined };

const watch = async () => {
  const violations: string[] = [];
  const log = new LogWatch('u', (what) => violations.push(what));
  const registry = async (n: number) =>
    log.onRegistry(
      encodeRegistry('u', { status: 'READY', base: 0, n, partitions: 64, ringSize: RING, manifest: { at: 'none' } }),
      { items: new MemoryItemStore() },
    );
  await registry(0);
  const commit = (n: number, { outbox = emptyOutbox, watermarkMs = n, sequence = String(n) }: CommitOptions = {}) => {
    const body = { changes: [], marks: [], excluded: false, rejections: { records: 0, rejected: 0 }, outbox };
    const position = { sequenceNumber: sequence, arrivalMs: 0, emptyAsOfMs: 0 };
    const header = { n, attemptId: 'a', epoch: 1, kind: 'batch' as const, position, watermarkMs };
    const payload = { at: 'inline' as const, bytes: encodeFrame(encodeBody(body)) };
    log.onSlot(encodeSlot('u', { header, payload }, RING), undefined);
  };
  return { log, violations, registry, commit };
};

interface CommitOptions {
  readonly outbox?: Outbox;
  readonly watermarkMs?: number;
  readonly sequence?: string;
}

describe('the watch over a log', () => {
  it('has nothing against dense commits that a snapshot covers', async () => {
    const { violations, commit, registry } = await watch();
    for (const n of [1, 2, 3]) commit(n);
    await registry(3);
    for (const n of [4, 5, 6]) commit(n);
    expect(violations).toEqual([]);
  });

  it('sees a second content, a hole and a slot that no snapshot covers', async () => {
    const { violations, commit } = await watch();
    commit(1);
    commit(1);
    commit(3);
    commit(4);
    expect(violations).toEqual([
      expect.stringContaining('commit 1 was written again'),
      expect.stringContaining('commit 3 was written where 2'),
      expect.stringContaining('commit 4 overwrote 0'),
    ]);
  });

  it('sees a watermark, a position or a snapshot that goes back', async () => {
    const { violations, commit, registry } = await watch();
    commit(1, { watermarkMs: 10, sequence: '100' });
    commit(2, { watermarkMs: 9, sequence: '99' });
    await registry(2);
    await registry(1);
    await registry(3);
    expect(violations).toEqual([
      expect.stringContaining('the watermark fell from 10 to 9'),
      expect.stringContaining('the position fell from 100 to 99'),
      expect.stringContaining('went back from 2 to READY 1'),
      expect.stringContaining('beyond the head'),
    ]);
  });

  it('sees an output before its commit', async () => {
    const { log, violations } = await watch();
    log.onRow('table', 1, 0);
    log.onPacket('next', 1, [{ from: 0, to: 3, prev: 0 }]);
    log.onQuarantined(1, 0);
    expect(violations).toHaveLength(3);
  });

  it('sees a commit that follows one whose outputs are not all out', async () => {
    const hop = { stage: 'next', watermarkMs: 1, excluded: false, covers: [{ from: 0, to: 7, prev: 0 }], rows: [] };
    const outbox = { ...emptyOutbox, hops: [hop], sinks: [{ sink: 'table', rows: [row] }] };
    const { log, violations, commit } = await watch();
    commit(1, { outbox });
    log.onPacket('next', 1, [{ from: 0, to: 6, prev: 0 }]);
    commit(2);
    expect(violations).toEqual([
      'u: outputs of commit 1 were not out when commit 2 was written: row 1/0, 1 partitions of next',
    ]);
  });

  it('takes rows as out that a later commit goes on with', async () => {
    const outbox = { ...emptyOutbox, sinks: [{ sink: 'table', rows: [row] }] };
    const { log, violations, commit } = await watch();
    commit(1, { outbox });
    commit(2, { outbox });
    log.onRow('table', 1, 0);
    commit(3);
    log.requireDrained('at the end');
    expect(violations).toEqual([]);
  });

  it('sees genesis write over a commit', async () => {
    const { log, violations } = await watch();
    const position = { sequenceNumber: undefined, arrivalMs: 0, emptyAsOfMs: 0 };
    const header = { n: -3, attemptId: 'g', epoch: 0, kind: 'genesis' as const, position, watermarkMs: 0 };
    const item = encodeSlot('u', { header, payload: { at: 'none' } }, RING);
    log.onSlot(item, undefined);
    log.onSlot(item, { ...item, n: 1, k: 'batch' });
    expect(violations).toEqual(['u: genesis wrote -3 over commit 1']);
  });
});
