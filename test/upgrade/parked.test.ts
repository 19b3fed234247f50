import type { Aggregator, Pipeline } from 'millrace';
import { describe, expect, it } from 'vitest';
import { MAX_WATERMARK_MS } from '../../lib/time/watermark-strategy.ts';
import { type Fired, listOfIds, objectOfIds, type VersionOptions, type Visit, versionOf } from '../support/versions.ts';
import { VersionsRig } from '../support/versions-rig.ts';

type Ids = Aggregator<Visit, never, string[]>;

/** Refuses rows whose id begins with 'row', and panes that have an id which begins with 'pane', until it is mended. */
const faulty = (ids: unknown, fault: { mended: boolean }): Ids => {
  const known = ids as Ids;
  return {
    ...known,
    add: (list, visit) => {
      if (!fault.mended && visit.id.startsWith('row')) throw new Error('no such row');
      return known.add(list, visit);
    },
    result: (list) => {
      const result = known.result(list);
      if (!fault.mended && result.some((id) => id.startsWith('pane'))) throw new Error('no such pane');
      return result;
    },
  };
};

const visit = (id: string, at: number, key = 'a'): Visit => ({ id, key, at });

/** Two windows, so that rows are rejected behind the hop; or one, so that panes are combined before it. */
const before: VersionOptions = { parks: true, sessions: true };

/** What a key has that waits from the first version on, and is redriven by the second one. */
const through = async (
  visits: readonly Visit[],
  then: VersionOptions,
  {
    first = before,
    drop,
    releaseOnly = false,
  }: { first?: VersionOptions; drop?: readonly string[]; releaseOnly?: boolean } = {},
) => {
  const fault = { mended: false };
  const version = (options: VersionOptions): Pipeline =>
    versionOf({ ...options, ids: faulty(options.ids ?? listOfIds, fault) });
  const rig = new VersionsRig();
  const old = await rig.job(version(first));
  for (const one of visits) {
    await rig.send('in', [one]);
    await old.drain();
  }
  const second = version({ ...first, ...then });
  expect(await rig.deploy(second, drop === undefined ? {} : { drop })).toMatchObject({ outcome: 'upgraded' });
  const now = await rig.job(second);
  await rig.send('in', [visit('last', 90_000)]);
  await now.drain();
  const waiting = fired(rig);
  fault.mended = true;
  const redriven = await now.redrive({ releaseOnly });
  expect(await now.redrive({ releaseOnly })).toMatchObject({ redriven: 0, rejected: 0, released: 0 });
  await now.advanceWatermark(MAX_WATERMARK_MS);
  return { waiting, redriven, fired: fired(rig), sessions: fired(rig, 'sessions-fired') };
};

const fired = (rig: VersionsRig, stream = 'fired'): string[] =>
  rig
    .appended<Fired>(stream)
    .map(({ key, start, ids, n }) => `${key} ${start} ${ids}${n === undefined ? '' : ` ${n}`}`);

const v2 = objectOfIds as unknown as Ids;

const renamedAll: VersionOptions = { window: ['w', 'panes'], aggregate: ['l', 'lists'], sink: ['o', 'out'] };

/** The last one is late. */
const blockedByRow = [
  visit('1', 1_000),
  visit('row', 2_000),
  visit('2', 3_000),
  visit('3', 11_000),
  visit('b', 12_000, 'b'),
  visit('4', 25_000),
  visit('5', 4_000),
];

const blockedByPane = [
  visit('pane', 1_000),
  visit('2', 11_000),
  visit('3', 12_000),
  visit('b', 13_000, 'b'),
  visit('4', 25_000),
];

describe('rows that wait behind a rejected one', () => {
  it.each<[string, VersionOptions, readonly string[]]>([
    ['renames everything', renamedAll, ['a 0 1,2,row', 'a 10000 3', 'a 20000 4', 'a 90000 last']],
    ['has another form of accumulators', { ids: v2 }, ['a 0 1,2,row', 'a 10000 3', 'a 20000 4', 'a 90000 last']],
    // The first one was in its pane before there was a count.
    ['has more aggregates', { counts: 'before' }, ['a 0 1,2,row 2', 'a 10000 3 1', 'a 20000 4 1', 'a 90000 last 1']],
  ])('are released once, in order and as if nothing had been, by a version that %s', async (_, then, expected) => {
    const outcome = await through(blockedByRow, then);
    expect(outcome.waiting).toEqual(['b 10000 b']);
    expect(outcome.redriven).toMatchObject({ redriven: 1, rejected: 0 });
    expect(outcome.fired).toEqual(['b 10000 b', ...expected]);
    expect(outcome.sessions).toEqual(['b 12000 b', 'a 1000 1,2,row', 'a 11000 3', 'a 25000 4', 'a 90000 last']);
  });

  it('go on without it where only the key is released', async () => {
    const outcome = await through(blockedByRow, { ...renamedAll, ids: v2 }, { releaseOnly: true });
    expect(outcome.redriven).toMatchObject({ redriven: 0, released: 1 });
    expect(outcome.fired).toEqual(['b 10000 b', 'a 0 1,2', 'a 10000 3', 'a 20000 4', 'a 90000 last']);
  });

  it('go on in the window that is left, where another one is dropped', async () => {
    const drop = ['sessions', 'session-out'];
    const outcome = await through(blockedByRow, { sessions: false }, { drop });
    expect(outcome.redriven).toMatchObject({ redriven: 1, rejected: 0 });
    expect(outcome.fired).toEqual(['b 10000 b', 'a 0 1,2,row', 'a 10000 3', 'a 20000 4', 'a 90000 last']);
    expect(outcome.sessions).toEqual(['b 12000 b']);
  });
});

describe('a pane that is quarantined', () => {
  it.each<[string, VersionOptions]>([
    ['alone, and rows that were combined', { parks: true }],
    ['of one of several windows', before],
  ])('is redriven under the name that its window has now, and its key goes on: %s', async (_, first) => {
    const outcome = await through(blockedByPane, { ...renamedAll, ids: v2 }, { first });
    expect(outcome.waiting).toEqual(['b 10000 b']);
    expect(outcome.redriven).toMatchObject({ rejected: 0 });
    expect(outcome.fired).toEqual(['b 10000 b', 'a 0 pane', 'a 10000 2,3', 'a 20000 4', 'a 90000 last']);
  });

  it('is redriven into its window where nothing waits behind it', async () => {
    const outcome = await through(blockedByPane, renamedAll, { first: {} });
    expect(outcome.redriven).toMatchObject({ redriven: 1, rejected: 0 });
    expect(outcome.fired.sort()).toEqual(['a 0 pane', 'a 10000 2,3', 'a 20000 4', 'a 90000 last', 'b 10000 b']);
  });

  // The session is over first: it is what the key waits for.
  it('of a window that is dropped is not redriven, and its key can be released', async () => {
    const drop = ['sessions', 'session-out'];
    const redriven = await through(blockedByPane, { sessions: false }, { drop });
    expect(redriven.redriven).toMatchObject({ redriven: 0, rejected: 0 });
    expect(redriven.fired).toEqual(['b 10000 b']);
    const released = await through(blockedByPane, { sessions: false }, { drop, releaseOnly: true });
    expect(released.redriven).toMatchObject({ released: 1 });
    expect(released.fired).toEqual(['b 10000 b', 'a 0 pane', 'a 10000 2,3', 'a 20000 4', 'a 90000 last']);
  });
});
