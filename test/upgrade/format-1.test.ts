import type { Pipeline } from 'millrace';
import { describe, expect, it } from 'vitest';
import { readJob } from '../../lib/commit/job.ts';
import { MillraceError } from '../../lib/errors/millrace-error.ts';
import type { LocalJob } from '../../lib/local/local-job.ts';
import { listQuarantine } from '../../lib/runtime/quarantine.ts';
import { MAX_WATERMARK_MS } from '../../lib/time/watermark-strategy.ts';
import type { VersionsRig } from '../support/versions-rig.ts';
import { loadState, storedRun } from './format-1/load-state.ts';
import { GAP_MS, PANE_MS, type Pane, pipeline, WIDE_MS } from './format-1/pipeline.ts';
import { nextPipeline } from './format-1/pipeline-2.ts';

/**
 * `format-1/state.json` was written by the first release: a job in full work, on two shards. In it are snapshots with runs, open
 * panes and sessions, a packet that waits, rows that are committed and not written, a payload beside its slot whose packets
 * are not sent, and a quarantined record.
 */
const more = Array.from({ length: 12 }, (_, i) => ({ id: `w${i}`, key: `k${i % 5}`, at: 47_000 + i * 500, text: '' }));

const all = [...storedRun.sent, ...more];

const panesOf = (sizeMs: number, keyOf: (key: string) => string): string[] =>
  [...Map.groupBy(all, ({ key, at }) => `${keyOf(key)} ${Math.floor(at / sizeMs) * sizeMs}`)]
    .map(([pane, visits]) => `${pane} ${visits.map(({ id }) => id).sort()}`)
    .sort();

const sessions = (): string[] =>
  [...Map.groupBy(all, ({ key }) => key)]
    .flatMap(([key, visits]) => {
      const runs: (typeof visits)[] = [];
      for (const visit of [...visits].sort((a, b) => a.at - b.at)) {
        const before = runs.at(-1)?.at(-1);
        if (before !== undefined && visit.at - before.at < GAP_MS) runs.at(-1)?.push(visit);
        else runs.push([visit]);
      }
      return runs.map((run) => `${key} ${run[0]?.at} ${run.map(({ id }) => id).sort()}`);
    })
    .sort();

const asText = (panes: readonly Pane[]): string[] =>
  panes.map(({ key, start, ids }) => `${key} ${start} ${ids}`).sort();

/** To the end, with more input. */
const finish = async (rig: VersionsRig, version: Pipeline): Promise<void> => {
  const job: LocalJob = await rig.job(version);
  await rig.send('in', more);
  await job.drain();
  await job.advanceWatermark(MAX_WATERMARK_MS);
};

const expectAll = async (rig: VersionsRig): Promise<void> => {
  const { fired, visited, table } = storedRun.output;
  expect(asText([...fired, ...rig.appended<Pane>('fired')])).toEqual(panesOf(PANE_MS, (key) => key));
  expect(asText([...visited, ...rig.appended<Pane>('visited')])).toEqual(sessions());
  const rows = new Map([...table, ...rig.rows<Pane>('firsts')].map((row) => [row.start, row]));
  expect(asText([...rows.values()])).toEqual(panesOf(WIDE_MS, (key) => key.slice(0, 1)));
  const job = await readJob(rig.items, 'visits', 1);
  const rejected: string[] = [];
  if (job !== undefined)
    for await (const { payload } of listQuarantine(rig, job)) rejected.push(Buffer.from(payload, 'base64').toString());
  expect(rejected).toEqual(['no json']);
};

describe('state of format 1, as the first release wrote it', () => {
  it('has the hash that the plan still has', () => {
    expect(pipeline().plan.hash).toBe(storedRun.plan.hash);
  });

  it('is gone on with by the same pipeline: nothing lost, nothing twice', async () => {
    const rig = await loadState();
    await finish(rig, pipeline());
    await expectAll(rig);
  });

  it('is gone on with by a changed pipeline', async () => {
    const rig = await loadState();
    const drop = ['lists.n'];
    await expect(rig.deploy(nextPipeline(), { drop })).rejects.toMatchObject({ code: 'PLAN_MISMATCH' });
    const previous = storedRun.plan;
    await expect(rig.deploy(nextPipeline(), { previous })).rejects.toThrow(MillraceError);
    expect(await rig.deploy(nextPipeline(), { previous, drop })).toMatchObject({ outcome: 'upgraded', epoch: 2 });
    await finish(rig, nextPipeline());
    await expectAll(rig);
    expect(rig.appended<Pane>('counted').length).toBeGreaterThan(3);
  });

  it('is gone on with by the same pipeline, and then by a changed one', async () => {
    const rig = await loadState();
    const job = await rig.job(pipeline());
    await job.drain();
    await rig.deploy(nextPipeline(), { previous: storedRun.plan, drop: ['lists.n'] });
    await finish(rig, nextPipeline());
    await expectAll(rig);
  });
});
