import { type Aggregator, minutes, type Stream, seconds, session, tumbling } from 'millrace';
import { createPipelineTestDriver } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { anything, type Event, of, pipelineOf } from '../operators/fixtures.ts';

/** Values in the order in which they came; 13 is refused until the fault is mended. */
const listing = (fault: { mended: boolean }): Aggregator<Event, readonly number[], readonly number[]> => ({
  create: () => [],
  add: (list, { v }) => {
    if (v === 13 && !fault.mended) throw new Error('unlucky');
    return [...list, v];
  },
  merge: (left, right) => [...left, ...right],
  result: (list) => list,
});

const paneText = ({
  key,
  window,
  value,
}: {
  key: unknown;
  window: { startMs: number };
  value: { vs: readonly number[] };
}) => `${key}@${window.startMs / 1_000}: ${value.vs.join(' ')}`;

interface Options {
  readonly batchSize?: number;
  readonly allowedLateness?: number;
  readonly afterRejection?: 'continue' | 'park-key';
}

/** Two windows keep the records from being combined before the hop. */
const driverOf = (
  fault: { mended: boolean },
  { batchSize = 1, allowedLateness = 0, afterRejection = 'park-key' }: Options = {},
) => {
  const define = (stream: Stream<Event>) => {
    const keyed = stream.keyBy('by-key', (e) => e.key);
    const window = keyed.window('minute', tumbling(minutes(1)), { allowedLateness: seconds(allowedLateness) });
    window
      .aggregate('values', { vs: listing(fault) })
      .map('pane', paneText)
      .sink('out', anything());
    window.late.map('late-row', ({ key, v }) => `${key} ${v}`).sink('late', anything('late'));
    keyed
      .window('sittings', session(seconds(30)))
      .aggregate('sitting', { vs: listing({ mended: true }) })
      .map('sitting-row', paneText)
      .sink('sittings-out', anything('sittings'));
  };
  return createPipelineTestDriver(pipelineOf(define, { quarantine: { maxFraction: 1, afterRejection } }), {
    batchSize,
  });
};

const at = (key: string, second: number, v: number) => of(key, second * 1_000, v);

const events = [
  at('a', 1, 1),
  at('b', 2, 1),
  at('a', 3, 13),
  at('a', 4, 2),
  at('b', 5, 2),
  at('a', 61, 3),
  at('b', 62, 3),
  at('a', 2, 99),
  at('b', 3, 99),
  at('a', 125, 4),
  at('b', 126, 4),
];

const everything = (t: ReturnType<typeof driverOf>) => ({
  out: t.output('out').sort(),
  late: t.output('late').sort(),
  sittings: t.output('sittings-out').sort(),
});

const undisturbed = async (options: Options = {}) => {
  const t = driverOf({ mended: true }, options);
  await t.send('events', events);
  await t.endInput();
  return everything(t);
};

describe('a key whose row was rejected', () => {
  it('waits with its later rows and its panes, and other keys go on', async () => {
    const t = driverOf({ mended: false });
    await t.send('events', events);
    await t.endInput();
    expect(t.output('out')).toEqual(['b@0: 1 2', 'b@60: 3', 'b@120: 4']);
    expect(t.output('sittings-out')).toEqual(['b@2: 1 2', 'b@62: 3', 'b@126: 4']);
    expect(t.output('late')).toEqual(['b 99']);
    expect(t.quarantine()).toMatchObject([{ code: 'USER_CODE', operator: 'values', kind: 'row' }]);
  });

  it.each([
    { batchSize: 1 },
    { batchSize: 3 },
    { batchSize: 100 },
    { batchSize: 1, allowedLateness: 70 },
    { batchSize: 4, allowedLateness: 70 },
  ])('is after its redrive as if nothing had been, %j', async (options) => {
    const fault = { mended: false };
    const t = driverOf(fault, options);
    await t.send('events', events);
    await t.endInput();
    fault.mended = true;
    expect(await t.redrive()).toEqual({ redriven: 1, rejected: 0, released: 0, known: 0 });
    expect(everything(t)).toEqual(await undisturbed(options));
    expect(await t.redrive()).toEqual({ redriven: 0, rejected: 0, released: 0, known: 0 });
  });

  it('goes on with what comes after its redrive', async () => {
    const fault = { mended: false };
    const t = driverOf(fault);
    await t.send('events', events.slice(0, 6));
    fault.mended = true;
    await t.redrive();
    await t.send('events', events.slice(6));
    await t.endInput();
    expect(everything(t)).toEqual(await undisturbed());
  });

  it('waits on, in order, where its record is rejected again', async () => {
    const fault = { mended: false };
    const t = driverOf(fault);
    await t.send('events', events.slice(0, 5));
    expect(await t.redrive()).toMatchObject({ redriven: 0, rejected: 1 });
    await t.send('events', events.slice(5));
    expect(await t.redrive()).toMatchObject({ redriven: 0, rejected: 1 });
    expect(t.quarantine()).toHaveLength(3);
    await t.endInput();
    fault.mended = true;
    expect(await t.redrive()).toMatchObject({ redriven: 1, rejected: 0 });
    expect(everything(t)).toEqual(await undisturbed());
  });

  it('stops again at the next row that is rejected', async () => {
    const fault = { mended: false };
    const t = driverOf(fault);
    await t.send('events', [at('a', 1, 13), at('a', 2, 13), at('a', 3, 1)]);
    expect(t.quarantine()).toHaveLength(1);
    expect(await t.redrive({ releaseOnly: true })).toMatchObject({ released: 1 });
    expect(t.quarantine()).toHaveLength(2);
    fault.mended = true;
    expect(await t.redrive()).toMatchObject({ redriven: 2 });
    await t.endInput();
    expect(t.output('out')).toEqual(['a@0: 13 13 1']);
  });

  it('goes on without it where only the key is released', async () => {
    const t = driverOf({ mended: false });
    await t.send('events', events);
    await t.endInput();
    expect(await t.redrive({ releaseOnly: true })).toEqual({ redriven: 0, rejected: 0, released: 1, known: 0 });
    expect(t.output('out').sort()).toEqual((await undisturbed()).out.map((pane) => String(pane).replace(' 13', '')));
    expect(await t.redrive({ releaseOnly: true })).toEqual({ redriven: 0, rejected: 0, released: 0, known: 0 });
  });

  it('is not parked where the pipeline does not ask for it', async () => {
    const t = driverOf({ mended: false }, { afterRejection: 'continue' });
    await t.send('events', events);
    await t.endInput();
    expect(t.output('out').sort()).toEqual((await undisturbed()).out.map((pane) => String(pane).replace(' 13', '')));
  });
});

describe('a key whose pane was rejected', () => {
  it.each(['park-key', 'continue'] as const)('fires it after its redrive, %s', async (afterRejection) => {
    const fault = { mended: false };
    const t = createPipelineTestDriver(
      pipelineOf(
        (stream) =>
          stream
            .keyBy('by-key', (e) => e.key)
            .window('minute', tumbling(minutes(1)))
            .aggregate('values', { vs: listing({ mended: true }) })
            .map('pane', (pane) => {
              if (!fault.mended && pane.window.startMs === 0) throw new Error('no');
              return paneText(pane);
            })
            .sink('out', anything()),
        { quarantine: { maxFraction: 1, afterRejection } },
      ),
    );
    await t.send('events', [at('a', 1, 1), at('b', 1, 1), at('a', 61, 2), at('b', 61, 2)]);
    await t.endInput();
    expect(t.output('out')).toEqual(afterRejection === 'park-key' ? [] : ['a@60: 2', 'b@60: 2']);
    expect(t.quarantine()).toMatchObject([{ kind: 'pane' }, { kind: 'pane' }]);
    fault.mended = true;
    expect(await t.redrive()).toMatchObject({ redriven: 2, rejected: 0 });
    expect(t.output('out').sort()).toEqual(['a@0: 1', 'a@60: 2', 'b@0: 1', 'b@60: 2']);
  });
});
