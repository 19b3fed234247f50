import { type Aggregator, count, minutes, seconds, sliding, sum, type WindowOptions } from 'millrace';
import { createPipelineTestDriver } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import type { AggregateNode, AnyAggregator, WindowNode } from '../../../lib/graph/logical-graph.ts';
import { ComputeSession } from '../../../lib/operators/compute-session.ts';
import { PaneAggregates } from '../../../lib/operators/pane-aggregates.ts';
import { SlicedWindow } from '../../../lib/operators/sliced-window.ts';
import { KeyedState } from '../../../lib/state/keyed-state.ts';
import type { AlignedWindows } from '../../../lib/windows/window-assigner.ts';
import { anything, at, driverOf, type Event, of, pipelineOf, short } from './fixtures.ts';

const twoMinutes = sliding(minutes(2), minutes(1));

const start = (options: WindowOptions = {}, batchSize = 1) =>
  driverOf(
    (events) => {
      const windows = events.keyBy('by-key', (event) => event.key).window('window', twoMinutes, options);
      windows.aggregate('total', { n: count(), v: sum((event) => event.v) }).sink('out', anything());
      windows.late.sink('late', anything('late'));
    },
    { batchSize },
  );

describe('windows that share slices', () => {
  it('are fired as often as records are in them, and not where a key rests', async () => {
    const t = start({}, 10);
    await t.send('events', [at(0, 1), at(600_000, 10), at(60_000, 100)]);
    await t.endInput();
    expect(short(t.output('out'))).toEqual([
      'a [-60,60) {n:1,v:1}',
      'a [0,120) {n:2,v:101}',
      'a [60,180) {n:1,v:100}',
      'a [540,660) {n:1,v:10}',
      'a [600,720) {n:1,v:10}',
    ]);
  });

  it('fire in the order of time, whatever the keys', async () => {
    const t = start({}, 10);
    await t.send('events', [of('a', 0), of('b', 60_000), of('c', 0)]);
    await t.endInput();
    const starts = short(t.output('out')).map((pane) => pane.slice(2, pane.indexOf(',')));
    expect(starts).toEqual(['[-60', '[-60', '[0', '[0', '[0', '[60']);
  });

  it('take a record that is older than all that the key has', async () => {
    const t = start({}, 10);
    await t.send('events', [at(200_000, 1), at(70_000, 10)]);
    await t.endInput();
    expect(short(t.output('out'))).toEqual([
      'a [0,120) {n:1,v:10}',
      'a [60,180) {n:1,v:10}',
      'a [120,240) {n:1,v:1}',
      'a [180,300) {n:1,v:1}',
    ]);
  });

  it('fire again, each that a late record is in and none that is closed', async () => {
    const t = start({ allowedLateness: seconds(50) });
    await t.send('events', [at(30_000, 1), at(90_000, 10)]);
    await t.advanceWatermark('events', 200_000);
    const before = t.output('out').length;
    // The window from 0 to 120 is closed since 169,999, the one from 60 to 180 is not.
    await t.send('events', at(70_000, 100));
    expect(short(t.output('out')).slice(before)).toEqual(['a [60,180) {n:2,v:110}']);
    await t.send('events', at(100, 1_000));
    expect(t.output('late')).toEqual([at(100, 1_000)]);
    await t.endInput();
    expect(t.output('out')).toHaveLength(before + 1);
  });

  it('fire again once for a batch of late records', async () => {
    const t = start({ allowedLateness: minutes(10) }, 10);
    await t.send('events', at(30_000, 1));
    await t.advanceWatermark('events', 130_000);
    await t.send('events', [at(61_000, 10), at(62_000, 100), at(1_000, 1_000)]);
    expect(short(t.output('out')).slice(2)).toEqual(['a [-60,60) {n:2,v:1001}', 'a [0,120) {n:4,v:1111}']);
    await t.endInput();
    expect(short(t.output('out')).slice(4)).toEqual(['a [60,180) {n:2,v:110}']);
  });

  it('survive a restart in the middle', async () => {
    const t = start();
    await t.send('events', [at(30_000, 1), at(70_000, 10)]);
    await t.restart();
    await t.send('events', at(130_000, 100));
    await t.restart();
    await t.endInput();
    expect(short(t.output('out'))).toEqual([
      'a [-60,60) {n:1,v:1}',
      'a [0,120) {n:2,v:11}',
      'a [60,180) {n:2,v:110}',
      'a [120,240) {n:1,v:100}',
    ]);
  });
});

describe('a window that cannot be fired', () => {
  /** Values; those of the window that holds 13 cannot be told until the fault is mended. */
  const listing = (fault: { mended: boolean }): Aggregator<Event, readonly number[], readonly number[]> => ({
    create: () => [],
    add: (list, { v }) => [...list, v],
    merge: (left, right) => [...left, ...right],
    result: (list) => {
      if (!fault.mended && list.includes(13) && list.includes(1)) throw new Error('unlucky');
      return [...list].sort((a, b) => a - b);
    },
  });

  const faultyDriver = (fault: { mended: boolean }, afterRejection: 'continue' | 'park-key', lateness = 0) =>
    createPipelineTestDriver(
      pipelineOf(
        (events) =>
          events
            .keyBy('by-key', (event) => event.key)
            .window('window', twoMinutes, { allowedLateness: seconds(lateness) })
            .aggregate('all', { vs: listing(fault) })
            .sink('out', anything()),
        { quarantine: { maxFraction: 1, afterRejection } },
      ),
      { batchSize: 1 },
    );

  const input = [at(30_000, 1), at(70_000, 13), at(130_000, 3), at(400_000, 4)];
  const all = [
    'a [-60,60) {vs:[1]}',
    'a [0,120) {vs:[1,13]}',
    'a [60,180) {vs:[3,13]}',
    'a [120,240) {vs:[3]}',
    'a [300,420) {vs:[4]}',
    'a [360,480) {vs:[4]}',
  ];

  it('goes to quarantine alone, and is fired by a redrive when its slices are long gone', async () => {
    const fault = { mended: false };
    const t = faultyDriver(fault, 'continue');
    await t.send('events', input);
    await t.endInput();
    expect(short(t.output('out'))).toEqual(all.filter((pane) => !pane.includes('[0,120)')));
    expect(t.quarantine()).toMatchObject([
      {
        operator: 'all',
        payload: [
          'a',
          0,
          [
            [0, [[1]]],
            [1, [[13]]],
          ],
        ],
      },
    ]);
    fault.mended = true;
    expect(await t.redrive()).toMatchObject({ redriven: 1, rejected: 0 });
    expect(short(t.output('out')).sort()).toEqual([...all].sort());
  });

  it('is waited for by the later ones of its key, where keys are parked', async () => {
    const fault = { mended: false };
    const t = faultyDriver(fault, 'park-key');
    await t.send('events', input);
    await t.endInput();
    expect(short(t.output('out'))).toEqual(all.slice(0, 1));
    fault.mended = true;
    await t.redrive();
    expect(short(t.output('out'))).toEqual(all);
  });

  it('is fired by a redrive with late records that came since, each once', async () => {
    const fault = { mended: false };
    const t = faultyDriver(fault, 'continue', 1_000);
    await t.send('events', input.slice(0, 3));
    await t.advanceWatermark('events', 125_000);
    await t.send('events', at(71_000, 5));
    fault.mended = true;
    await t.redrive();
    expect(short(t.output('out')).filter((pane) => pane.includes('[0,120)'))).toContain('a [0,120) {vs:[1,5,13]}');
    await t.endInput();
    expect(short(t.output('out')).filter((pane) => pane.includes('[60,180)'))).toContain('a [60,180) {vs:[3,5,13]}');
  });
});

describe('state that others have left', () => {
  const windowOf = (fired: string[]) => {
    const node = { kind: 'window', id: 'window', input: 'by-key', assigner: twoMinutes, allowedLatenessMs: 0 };
    const aggregate = { id: 'total', aggregators: { n: count() as AnyAggregator } } as unknown as AggregateNode;
    const aggregates = new PaneAggregates([
      { node: aggregate, next: (_session, value) => fired.push(...short([value])) },
    ]);
    return new SlicedWindow(
      node as unknown as WindowNode & { readonly assigner: AlignedWindows },
      aggregates,
      () => undefined,
      0,
    );
  };

  /** Fires what is due, as the runtime does. */
  const fireAll = (
    window: SlicedWindow,
    session: ComputeSession,
    entryKeys: readonly string[],
    watermarkMs: number,
  ) => {
    for (const key of entryKeys) {
      for (let turns = 0; turns < 10; turns++) {
        const value = session.state.get(0, 0, key);
        if (value === undefined || (window.table.timerMs(value) as number) > watermarkMs) break;
        window.onTimer(session, key, watermarkMs);
      }
    }
  };

  const sessionOver = (window: SlicedWindow, entries: Readonly<Record<string, unknown>>, watermarkMs: number) => {
    const state = new KeyedState([window.table]);
    state.apply(
      1,
      Object.entries(entries).map(([key, value]) => ({ lp: 0, table: 0, key, value })),
    );
    const session = new ComputeSession(state, watermarkMs);
    session.lp = 0;
    return session;
  };

  const panes = { '0|"a"': ['a', 0, [2], 1], '60000|"a"': ['a', 60_000, [1], 1] };

  for (const order of ['panes first', 'slices first'] as const) {
    it(`is taken over: panes of an earlier release, each fired once with what came since (${order})`, () => {
      const fired: string[] = [];
      const window = windowOf(fired);
      const session = sessionOver(window, panes, -1);
      window.onPartial(session, 'a', '"a"', 60_000, 120_000, [10]);
      const keys = ['0|"a"', '60000|"a"', '"a"'];
      for (const watermarkMs of [119_999, 179_999, 239_999])
        fireAll(window, session, order === 'panes first' ? keys : keys.toReversed(), watermarkMs);
      expect(fired).toEqual(['a [0,120) {n:12}', 'a [60,180) {n:11}']);
      expect([...session.state.changes()].filter(({ value }) => value !== undefined)).toEqual([]);
    });
  }

  it('names the key of an entry, whatever it looks like', () => {
    const { table } = windowOf([]);
    for (const key of ['1000', '"a"', '"1|2"', 'true', '-5']) {
      expect(table.keyTextOf?.(key)).toBe(key);
      expect(table.keyTextOf?.(`-60000|${key}`)).toBe(key);
    }
  });

  it('fires a window that was due where a parent ended, before a record that is late for it is added', () => {
    const fired: string[] = [];
    const window = windowOf(fired);
    // Due at 119,999, and not fired; the partition's floor is past it.
    const stored = ['a', 0, [0, 1], [[2], [3]], 2, []];
    const session = sessionOver(window, { '"a"': stored }, 130_000);
    window.onRecord(session, 'a', '"a"', {}, 90_000);
    expect(fired).toEqual(['a [0,120) {n:5}']);
    fireAll(window, session, ['"a"'], 179_999);
    expect(fired).toEqual(['a [0,120) {n:5}', 'a [60,180) {n:4}']);
  });
});
