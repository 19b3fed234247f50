import type { Aggregator, Pipeline } from 'millrace';
import { describe, expect, it } from 'vitest';
import { MAX_WATERMARK_MS } from '../../lib/time/watermark-strategy.ts';
import { type Fired, objectOfIds, type Visit, versionOf } from '../support/versions.ts';
import { VersionsRig } from '../support/versions-rig.ts';

const v2 = objectOfIds as unknown as Aggregator<Visit, never, string[]>;

const visit = (id: string, at: number, key = 'a'): Visit => ({ id, key, at });

/** A pane that is open when the second version comes, and is fired by it. */
const through = async (first: Pipeline, second: Pipeline, drop?: readonly string[]): Promise<VersionsRig> => {
  const rig = new VersionsRig();
  await rig.send('in', [visit('1', 1_000), visit('2', 2_000, 'b'), visit('3', 3_000)]);
  const old = await rig.job(first);
  await old.drain();
  expect(await rig.deploy(second, drop === undefined ? {} : { drop })).toMatchObject({ outcome: 'upgraded', epoch: 2 });
  const now = await rig.job(second);
  await rig.send('in', [visit('4', 4_000)]);
  await now.drain();
  await now.advanceWatermark(MAX_WATERMARK_MS);
  return rig;
};

const fired = (rig: VersionsRig, stream = 'fired'): string[] =>
  rig
    .appended<Fired>(stream)
    .map(({ key, start, ids, n }) => `${key} ${start} ${ids}${n === undefined ? '' : ` ${n}`}`)
    .sort();

const all = ['a 0 1,3,4', 'b 0 2'];

describe('a new version goes on with', () => {
  it('a window, an aggregate and a sink that were renamed', async () => {
    const second = versionOf({ window: ['w', 'panes'], aggregate: ['l', 'lists'], sink: ['o', 'out'] });
    expect(fired(await through(versionOf(), second))).toEqual(all);
  });

  it('accumulators of an earlier form', async () => {
    expect(fired(await through(versionOf(), versionOf({ ids: v2 })))).toEqual(all);
    expect(
      fired(await through(versionOf({ sessions: true }), versionOf({ sessions: true, ids: v2 })), 'sessions-fired'),
    ).toEqual(['a 1000 1,3,4', 'b 2000 2']);
  });

  it('panes whose new aggregates begin empty, wherever they stand', async () => {
    expect(fired(await through(versionOf(), versionOf({ counts: 'after' })))).toEqual(['a 0 1,3,4 1', 'b 0 2 0']);
    expect(fired(await through(versionOf(), versionOf({ counts: 'before' })))).toEqual(['a 0 1,3,4 1', 'b 0 2 0']);
  });

  it('aggregates in another order', async () => {
    const rig = await through(versionOf({ counts: 'before' }), versionOf({ counts: 'after' }));
    expect(fired(rig)).toEqual(['a 0 1,3,4 3', 'b 0 2 1']);
  });

  it('the rest, where a window is dropped', async () => {
    const rig = await through(versionOf({ sessions: true }), versionOf(), ['sessions', 'session-out']);
    expect(fired(rig)).toEqual(all);
    expect(fired(rig, 'sessions-fired')).toEqual([]);
  });

  it('what it had, beside a window that is new', async () => {
    const rig = await through(versionOf(), versionOf({ sessions: true }));
    expect(fired(rig)).toEqual(all);
    expect(fired(rig, 'sessions-fired')).toEqual(['a 4000 4']);
  });
});

describe('two versions', () => {
  it('do not both write: the old one ends where the new one has begun', async () => {
    const rig = new VersionsRig();
    await rig.send('in', [visit('1', 1_000)]);
    const old = await rig.job(versionOf());
    await old.drain();
    await rig.deploy(versionOf({ ids: v2 }));
    // Until the new one comes, the old one may go on.
    await rig.send('in', [visit('2', 2_000)]);
    await old.drain();
    const now = await rig.job(versionOf({ ids: v2 }));
    await rig.send('in', [visit('3', 3_000)]);
    await now.drain();
    await rig.send('in', [visit('4', 4_000)]);
    await expect(old.drain()).rejects.toMatchObject({ code: 'PLAN_MISMATCH' });
    await now.drain();
    await now.advanceWatermark(MAX_WATERMARK_MS);
    expect(fired(rig)).toEqual(['a 0 1,2,3,4']);
  });

  it('may come back: what runs again opens the job again, and goes on', async () => {
    const rig = new VersionsRig();
    const [a, b] = [versionOf({ counts: 'after' }), versionOf({ counts: 'after', window: ['w', 'panes'] })];
    await rig.send('in', [visit('1', 1_000)]);
    const first = await rig.job(a);
    await first.drain();
    await rig.deploy(b);
    const second = await rig.job(b);
    await rig.send('in', [visit('2', 2_000)]);
    await second.drain();
    expect(await rig.deploy(a)).toMatchObject({ outcome: 'upgraded', epoch: 3 });
    await rig.send('in', [visit('3', 3_000)]);
    // The container of the first deployment knows nothing of the others yet.
    await expect(first.drain()).rejects.toMatchObject({ code: 'PLAN_MISMATCH' });
    await first.drain();
    await rig.send('in', [visit('4', 4_000)]);
    await expect(second.drain()).rejects.toMatchObject({ code: 'PLAN_MISMATCH' });
    await first.drain();
    await first.advanceWatermark(MAX_WATERMARK_MS);
    expect(fired(rig)).toEqual(['a 0 1,2,3,4 4']);
  });
});
