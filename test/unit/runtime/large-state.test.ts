import { type Aggregator, count, minutes, seconds, session, tumbling } from 'millrace';
import { createPipelineTestDriver } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { MAX_VALUE_CHARACTERS } from '../../../lib/state/state-overlay.ts';
import { anything, type Event, of, pipelineOf } from '../operators/fixtures.ts';

/** Keeps a text of `v` millions of characters for each record. */
const hoarding: Aggregator<Event, readonly string[], number> = {
  create: () => [],
  add: (texts, { v }) => [...texts, 'x'.repeat(v * 1_000_000)],
  merge: (left, right) => [...left, ...right],
  result: (texts) => texts.length,
};

/** Two windows keep the records from being combined before the hop. */
const driverOf = (allowedLateness = 0, afterRejection: 'continue' | 'park-key' = 'continue') =>
  createPipelineTestDriver(
    pipelineOf(
      (stream) => {
        const keyed = stream.keyBy('by-key', ({ key }) => key);
        keyed
          .window('minute', tumbling(minutes(1)), { allowedLateness: seconds(allowedLateness) })
          .aggregate('texts', { n: hoarding })
          .map('row', ({ key, window, value }) => `${key}@${window.startMs / 1_000}: ${value.n}`)
          .sink('out', anything());
        keyed
          .window('sittings', session(seconds(1)))
          .aggregate('sitting', { n: count() })
          .sink('sittings-out', anything('sittings'));
      },
      { quarantine: { maxFraction: 1, afterRejection } },
    ),
    { batchSize: 1 },
  );

describe('what is stored for a key', () => {
  it('takes no record that makes it larger than a commit carries, and everything else goes on', async () => {
    const t = driverOf();
    await t.send('events', [of('a', 1, 2), of('a', 2, 1.5), of('b', 3, 2), of('a', 4, 1), of('a', 5, 0.1)]);
    await t.send('events', [of('a', 61_000, 1)]);
    await t.endInput();
    expect(t.output('out').sort()).toEqual(['a@0: 3', 'a@60: 1', 'b@0: 1']);
    const [rejected, ...others] = t.quarantine();
    expect(others).toEqual([]);
    expect(rejected).toMatchObject({ code: 'STATE_TOO_LARGE', operator: 'minute', kind: 'row' });
    expect(rejected?.message).toMatch(/^what is stored for key "a" would be about 45\d{5} characters of JSON/);
    expect(rejected?.message).toContain(`at most ${MAX_VALUE_CHARACTERS} may be`);
  });

  it('is fired and kept for late records as large as it may be', async () => {
    const t = driverOf(60);
    await t.send('events', [of('a', 1, 2), of('a', 2, 2), of('a', 61_000), of('a', 3), of('a', 200_000)]);
    await t.endInput();
    expect(t.quarantine()).toEqual([]);
    expect(t.output('out')).toEqual(['a@0: 2', 'a@0: 3', 'a@60: 1', 'a@180: 1']);
  });

  it('waits for the record that is too large where its key is parked, until it is released', async () => {
    const t = driverOf(0, 'park-key');
    await t.send('events', [of('a', 1, 4), of('a', 2, 1), of('a', 3)]);
    expect(await t.redrive()).toMatchObject({ redriven: 0, rejected: 1 });
    expect(await t.redrive({ releaseOnly: true })).toMatchObject({ released: 1 });
    await t.endInput();
    expect(t.output('out')).toEqual(['a@0: 2']);
  });
});
