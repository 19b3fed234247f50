import {
  boundedOutOfOrderness,
  count,
  definePipeline,
  dynamoSink,
  kinesisSink,
  kinesisSource,
  milliseconds,
  tumbling,
} from 'millrace';
import { crashProcess, faultKinds, type SimulatedEvent, simulate } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

const Click = z.object({ page: z.string(), at: z.int() });
const Row = z.object({ page: z.string(), start: z.int(), clicks: z.int(), stamp: z.int() });

/** `stamp` is what a user's function gets wrong: with a counter of its own the outcome depends on how often it ran. */
const clicks = (stamp: () => number, look: (click: z.infer<typeof Click>) => void = () => undefined) =>
  definePipeline('clicks', {}, (p) => {
    const rows = p
      .source(
        'clicks',
        kinesisSource({
          stream: 'clicks',
          schema: Click,
          eventTimeMs: (click) => click.at,
          watermarks: boundedOutOfOrderness(milliseconds(1_000)),
        }),
      )
      .map('look', (click) => {
        look(click);
        return click;
      })
      .keyBy('by-page', (click) => click.page)
      .window('panes', tumbling(milliseconds(5_000)))
      .aggregate('click-count', { clicks: count() })
      .map('row', ({ key, window, value }) => ({
        page: key,
        start: window.startMs,
        clicks: value.clicks,
        stamp: stamp(),
      }));
    rows.sink('table', dynamoSink({ table: 'clicks', schema: Row, key: ['page', 'start'], streamKey: 'page' }));
    rows.sink('log', kinesisSink({ stream: 'log', schema: Row, partitionKey: (row) => row.page }));
  });

const events: SimulatedEvent[] = Array.from({ length: 20 }, (_, i) => ({
  source: 'clicks',
  value: { page: `p${i % 3}`, at: i * 1_000 },
}));

const good = clicks(() => 0);

describe('simulate', () => {
  it('finds nothing wrong with a pipeline whose functions are pure, and does so under faults', async () => {
    const results = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((seed) => simulate(good, { seed, events })));
    expect(results.flatMap(({ violations }) => violations)).toEqual([]);
    expect(results.every(({ ok, shrunk }) => ok && shrunk === undefined)).toBe(true);
    const faults = results.flatMap((result) => Object.keys(result.faults));
    expect(new Set(faults).size).toBeGreaterThan(8);
  });

  it('does the same for the same seed, and something else for another', async () => {
    expect(await simulate(good, { seed: 5, events })).toEqual(await simulate(good, { seed: 5, events }));
    expect((await simulate(good, { seed: 6, events })).steps).not.toBe(
      (await simulate(good, { seed: 5, events })).steps,
    );
  });

  it('shows a pipeline whose outcome depends on the run, with the smallest run that it finds and its trace', async () => {
    let runs = 0;
    const result = await simulate(
      clicks(() => ++runs),
      { seed: 3, events },
    );
    expect(result.ok).toBe(false);
    expect(result.violations[0]).toContain('sink table');
    expect(result.shrunk?.events).toBeLessThan(5);
    expect(result.shrunk?.faults).toEqual({});
    expect(result.shrunk?.trace.join('\n')).toMatch(/clicks-\d+: put L#/);
  });

  it('runs a reduction again', async () => {
    let runs = 0;
    const pipeline = clicks(() => ++runs);
    const { shrunk } = await simulate(pipeline, { seed: 3, events });
    const again = await simulate(pipeline, { seed: 3, events, reduction: shrunk!.reduction });
    expect(again.shrunk?.events).toBe(shrunk?.events);
    expect(again.shrunk?.trace).toEqual(shrunk?.trace);
  });

  it('asks the given check instead of a run without faults', async () => {
    const seen: unknown[] = [];
    const { violations } = await simulate(good, {
      seed: 2,
      events: (random) => events.slice(0, 5 + Math.floor(random.fraction() * 5)),
      check: (outcome, sent) => {
        seen.push(
          outcome.inputs.reduce((sum, { records }) => sum + records.length, 0),
          sent.length,
        );
        return ['not good enough'];
      },
      shrinkRuns: 0,
    });
    expect(violations).toEqual(['not good enough']);
    expect(seen[0]).toBe(seen[1]);
  });

  it('injects only the faults it is asked for', async () => {
    const kinds = new Set<string>();
    for (let seed = 1; seed <= 30; seed++)
      for (const kind of Object.keys((await simulate(good, { seed, events, faults: ['killed', 'frozen'] })).faults))
        kinds.add(kind);
    expect([...kinds].sort()).toEqual(['frozen', 'killed']);
    expect((await simulate(good, { seed: 1, events, faults: [] })).faults).toEqual({});
  });

  it('lets a function end its process, and operators redrive what it could not compute when that is mended', async () => {
    let isMended = false;
    const pipeline = clicks(
      () => 0,
      ({ page }) => {
        if (page === 'p1' && !isMended) crashProcess();
      },
    );
    const reached = new Set<string>();
    for (let seed = 1; seed <= 10; seed++) {
      const result = await simulate(pipeline, {
        seed,
        events: events.slice(0, 8),
        repairs: {
          setMended: (mended) => {
            isMended = mended;
          },
        },
        check: ({ rejected, everRejected }) => [
          ...rejected.filter(({ kind }) => kind !== 'decision').map(({ payload }) => `${payload} is left`),
          ...everRejected
            .filter(({ code, payload }) => code === 'CRASH' && !payload.includes('p1'))
            .map(({ payload }) => `${payload} did nothing wrong`),
        ],
      });
      expect(result.violations, `seed ${seed}`).toEqual([]);
      for (const state of Object.keys(result.reached)) reached.add(state);
    }
    expect([...reached]).toEqual(expect.arrayContaining(['crashes', 'redriven records', 'skipped records']));
  });

  it('refuses what it cannot run or judge', async () => {
    await expect(simulate(good, { seed: 1, events, repairs: {} })).rejects.toThrow(
      /'repairs' is given without 'check'/,
    );
    expect(crashProcess).toThrow('crashProcess was called');
    await expect(simulate(good, { seed: 1.5, events })).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    await expect(simulate(good, { seed: 1, events, faults: ['fire' as 'frozen'] })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
    await expect(simulate(good, { seed: 1, events: [{ source: 'x', value: 1 }] })).rejects.toThrow(/no source/);
    const late = [...events, { source: 'clicks', value: { page: 'p0', at: 0 } }];
    // Without faults: a run that stops at a gap is not judged.
    await expect(simulate(good, { seed: 1, shards: 1, events: late, faults: [] })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(faultKinds).toHaveLength(27);
  });
});
