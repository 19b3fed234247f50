import { describe, expect, it } from 'vitest';
import { StageRepairs } from '../../lib/runtime/stage-repairs.ts';
import { type Event, type Pane, repairedPipeline, setMended } from '../simulation/reference/repaired-pipeline.ts';
import { never } from '../support/faulty-ports.ts';
import { finish } from '../support/finish.ts';
import { putOf } from '../support/ids-pipeline.ts';
import { packetSender } from '../support/packet-sender.ts';
import { quarantined } from '../support/quarantined.ts';
import { cursorOf, World } from '../support/world.ts';

const keys = ['k0', 'k1', 'k2'];

// Seen by reading: the row was judged by the head's watermark, which waits for the last slice, and fired its pane a second time.
describe('a row that is redriven between two slices of a firing', () => {
  it('is late for the panes that are due, be they out already or not', async () => {
    setMended(false);
    const world = new World({ pipeline: repairedPipeline(false), seed: 1, shards: 1, limits: { timers: 1 } });
    const sendAsPacket = packetSender(world);
    await sendAsPacket(keys.flatMap((key, i) => [putOf(`e${i}`, key, i), putOf(`r${i}`, key, 10 + i)]));
    const packets = cursorOf(world, 'by-key');
    expect(await world.deliver(packets, world.container('by-key'), 1)).toMatchObject({ kind: 'done' });
    await sendAsPacket([putOf('e9', 'k9', 60_000)]);
    let commits = 0;
    const first = world.container('by-key', {
      committed: () => commits++,
      step: (step) => {
        if (step !== 'published' || commits === 0) return undefined;
        first.life.kill();
        return never<void>();
      },
    });
    expect(await world.deliver(packets, first, 1)).toEqual({ kind: 'killed' });
    const early = world.appended<Pane>('fired').length + world.appended<Pane>('wide-fired').length;
    expect(early).toBeGreaterThan(0);
    expect(early).toBeLessThan(2 * keys.length);

    setMended(true);
    const records = await quarantined(world);
    expect(records.map(({ payloadKind }) => payloadKind)).toEqual(['row', 'row', 'row']);
    await world.container('by-key').run(async ({ repaired }, deadline) => {
      await new StageRepairs(repaired).redrive(records, deadline);
      return undefined;
    });
    await finish(world, { containerOf: (stage) => world.container(stage), batchSize: () => 100 });
    const panesOf = (sink: string) => world.appended<Pane>(sink).map(({ key, ids }) => `${key} ${ids}`);
    const expected = [...keys.map((key, i) => `${key} e${i}`), 'k9 e9'];
    expect(panesOf('fired').sort()).toEqual(expected);
    expect(panesOf('wide-fired').sort()).toEqual(expected);
    for (const sink of ['late', 'wide-late'])
      expect(
        world
          .appended<Event>(sink)
          .map(({ id }) => id)
          .sort(),
      ).toEqual(['r0', 'r1', 'r2']);
  });
});
