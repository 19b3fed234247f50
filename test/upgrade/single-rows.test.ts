import { describe, expect, it } from 'vitest';
import { MAX_WATERMARK_MS } from '../../lib/time/watermark-strategy.ts';
import { loadRun, readRun, type StoredRun } from '../support/stored-run.ts';
import { type Click, LOWER_MS, pipeline, UPPER_MS } from './single-rows/pipeline.ts';

/**
 * `single-rows/state.json` was written by the last release that kept each record of a join as an entry of its own: in snapshots with
 * runs and in commits after them, on both sides. Of each source two records are not processed, and the last pairs are not written.
 */
interface ClicksRun extends StoredRun {
  readonly sent: Readonly<Record<'shown' | 'clicked', readonly Click[]>>;
  readonly output: { readonly pairs: readonly string[] };
}

const stored = readRun<ClicksRun>(new URL('./single-rows/state.json', import.meta.url));

const more = {
  shown: [
    { id: 's-new-1', key: 'a', at: 8_250 },
    { id: 's-new-2', key: 'c', at: 9_000 },
  ],
  clicked: [
    { id: 'c-new-1', key: 'b', at: 8_250 },
    { id: 'c-new-2', key: 'a', at: 14_000 },
  ],
};

const nestedLoops = (): string[] =>
  [...stored.sent.shown, ...more.shown].flatMap((left) =>
    [...stored.sent.clicked, ...more.clicked]
      .filter(({ key, at }) => key === left.key && at >= left.at + LOWER_MS && at <= left.at + UPPER_MS)
      .map((right) => `${left.id}-${right.id}`),
  );

describe('records of a join that were stored one by one', () => {
  it('are of another plan: without an upgrade nothing goes on', async () => {
    expect(pipeline().plan.hash).not.toBe(stored.plan.hash);
    const rig = await loadRun(stored, 1);
    await expect(rig.job(pipeline())).rejects.toMatchObject({ code: 'PLAN_MISMATCH' });
  });

  it('meet their counterparts after it, each once', async () => {
    const rig = await loadRun(stored, 1);
    expect(await rig.deploy(pipeline(), { previous: stored.plan })).toMatchObject({ outcome: 'upgraded', epoch: 2 });
    const job = await rig.job(pipeline());
    for (const [stream, clicks] of Object.entries(more)) {
      await rig.send(stream, clicks);
      await job.drain();
    }
    await job.advanceWatermark(MAX_WATERMARK_MS);
    const found = rig.appended<string>('pairs');
    expect(found.length).toBeGreaterThan(20);
    expect([...stored.output.pairs, ...found].sort()).toEqual(nestedLoops().sort());
  });
});
