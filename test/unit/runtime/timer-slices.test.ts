import {
  boundedOutOfOrderness,
  count,
  definePipeline,
  kinesisSink,
  kinesisSource,
  milliseconds,
  session,
  tumbling,
} from 'millrace';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { CommitFacts } from '../../../lib/runtime/ports.ts';
import { checkOutcome } from '../../support/check-outcome.ts';
import { never } from '../../support/faulty-ports.ts';
import { finish } from '../../support/finish.ts';
import { type Event, idsPipeline, type Pane, putOf } from '../../support/ids-pipeline.ts';
import { packetSender } from '../../support/packet-sender.ts';
import { cursorOf, World } from '../../support/world.ts';

const Row = z.object({ id: z.string(), key: z.string(), at: z.int() });

describe('panes that fire in slices', () => {
  it('stay closed to late records that come between two slices', async () => {
    const world = new World({ pipeline: idsPipeline(), seed: 1, shards: 1, limits: { timers: 1 } });
    const sendAsPacket = packetSender(world);
    await sendAsPacket([putOf('e1', 'k1', 1), putOf('e2', 'k2', 2)]);
    await sendAsPacket([putOf('e3', 'k3', 60_000)]);
    await sendAsPacket([putOf('late', 'k1', 3)]);
    let commits = 0;
    const first = world.container('by-key', {
      committed: () => commits++,
      step: (step) => {
        if (step !== 'published' || commits === 0) return undefined;
        first.life.kill();
        return never<void>();
      },
    });
    const packets = cursorOf(world, 'by-key');
    expect(await world.deliver(packets, world.container('by-key'), 1)).toMatchObject({ kind: 'done' });
    expect(await world.deliver(packets, first, 1)).toEqual({ kind: 'killed' });
    expect(world.appended<Pane>('fired').length).toBeGreaterThan(0);
    // The batch comes again, with one packet more.
    await finish(world, { containerOf: (stage) => world.container(stage), batchSize: () => 3 });
    expect(world.appended<Event>('late').map(({ id }) => id)).toEqual(['late']);
    await checkOutcome(world);
  });

  it('let the watermark go with the last slice, though records have moved timers that are due', async () => {
    const pipeline = definePipeline('sessions', {}, (p) => {
      const rows = p
        .source(
          'in',
          kinesisSource({
            stream: 'in',
            schema: Row,
            eventTimeMs: (row) => row.at,
            watermarks: boundedOutOfOrderness(milliseconds(0)),
          }),
        )
        .keyBy('by-key', (row) => row.key)
        .window('sessions', session(milliseconds(10_000)))
        .aggregate('counts', { rows: count() })
        .map('ended', ({ key, window }) => ({ id: key, key, at: window.endMs }))
        .keyBy('together', () => 'all')
        .window('all', tumbling(milliseconds(1_000)));
      rows.late.sink('late', kinesisSink({ stream: 'late', schema: Row, partitionKey: () => 'p' }));
      rows
        .aggregate('ends', { ends: count() })
        .map('row', ({ window, value }) => ({ id: 'all', key: String(value.ends), at: window.startMs }))
        .sink('out', kinesisSink({ stream: 'out', schema: Row, partitionKey: () => 'p' }));
    });
    const world = new World({ pipeline, seed: 1, shards: 1, limits: { timers: 2 } });
    const sendAsPacket = packetSender(world);
    const commits: CommitFacts[] = [];
    const keyed = world.container('by-key', { committed: (facts) => commits.push(facts) });
    await sendAsPacket([putOf('a', 'k1', 0), putOf('b', 'k2', 1), putOf('c', 'k3', 2)]);
    expect(await world.deliver(cursorOf(world, 'by-key'), keyed, 1)).toMatchObject({ kind: 'done' });
    // Two sessions go on; the third is over, and so due.
    await sendAsPacket([putOf('d', 'k1', 9_000), putOf('e', 'k2', 9_000), putOf('f', 'k4', 14_000)]);
    expect(await world.deliver(cursorOf(world, 'by-key'), keyed, 1)).toMatchObject({ kind: 'done' });
    const left = commits.findIndex(({ watermarkMs }) => watermarkMs >= 10_001);
    expect(left).toBe(commits.length - 1);
    await finish(world, { containerOf: (stage) => world.container(stage), batchSize: () => 1 });
    expect(world.appended('late')).toEqual([]);
    expect(world.appended<{ key: string }>('out').map(({ key }) => key)).toEqual(['1', '2', '1']);
  });

  it('go on with a key whose due sessions do not fit one commit', async () => {
    const pipeline = definePipeline('many-sessions', {}, (p) => {
      p.source(
        'in',
        kinesisSource({
          stream: 'in',
          schema: Row,
          eventTimeMs: (row) => row.at,
          watermarks: boundedOutOfOrderness(milliseconds(0)),
        }),
      )
        .keyBy('by-key', (row) => row.key)
        .window('sessions', session(milliseconds(10)))
        .aggregate('counts', { rows: count() })
        .map('ended', ({ key, window }) => ({ id: key, key, at: window.startMs }))
        .sink('out', kinesisSink({ stream: 'out', schema: Row, partitionKey: () => 'p' }));
    });
    const world = new World({ pipeline, seed: 1, shards: 1, limits: { externalRows: 2 } });
    const sendAsPacket = packetSender(world);
    const commits: CommitFacts[] = [];
    const keyed = world.container('by-key', { committed: (facts) => commits.push(facts) });
    // One batch: six sessions of one key, and a record that is far past them all.
    const starts = [0, 100, 200, 300, 400, 500];
    await sendAsPacket([...starts.map((at) => putOf(`e${at}`, 'k1', at)), putOf('last', 'k2', 10_000)]);
    expect(await world.deliver(cursorOf(world, 'by-key'), keyed, 1)).toMatchObject({ kind: 'done' });
    expect(world.appended<{ at: number }>('out').map(({ at }) => at)).toEqual(starts);
    expect(commits.at(-1)?.watermarkMs).toBe(9_999);
  });
});
