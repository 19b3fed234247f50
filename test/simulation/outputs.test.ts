import {
  boundedOutOfOrderness,
  count,
  definePipeline,
  kinesisSink,
  kinesisSource,
  milliseconds,
  tumbling,
} from 'millrace';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { RING_SIZE } from '../../lib/commit/slot.ts';
import type { StreamPort } from '../../lib/connectors/stream-port.ts';
import { MillraceError } from '../../lib/errors/millrace-error.ts';
import type { CommitFacts } from '../../lib/runtime/ports.ts';
import { SeededRandom } from '../../lib/testing/seeded-random.ts';
import { checkOutcome } from '../support/check-outcome.ts';
import type { Container } from '../support/container.ts';
import type { Faults } from '../support/faulty-ports.ts';
import { finish } from '../support/finish.ts';
import { idsPipeline, putOf } from '../support/ids-pipeline.ts';
import { makeInput } from '../support/input-events.ts';
import { cursorOf, World } from '../support/world.ts';

describe('a sink that refuses for longer than the ring', () => {
  it.each(['one container', 'a cold container each time', 'two that alternate'])(
    'loses nothing: no commit follows one whose outputs are not out, with %s',
    async (who) => {
      const world = new World({ pipeline: idsPipeline(), seed: 1, shards: 1 });
      await world.send(makeInput(new SeededRandom(1), { count: 100, keys: 3, stepMs: 3_000 }));
      const refusal = new MillraceError('retryable', 'SINK_UNAVAILABLE', 'down');
      let refuses = true;
      const faults: Faults = {
        around: (call, effect) => (refuses && call.target === 'fired' ? Promise.reject(refusal) : effect()),
      };
      const commits: CommitFacts[] = [];
      const make = () => world.container('by-key', { committed: (facts) => commits.push(facts) }, faults);
      const pool = [make(), make()];
      const source = world.container('in');
      while ((await world.deliver(cursorOf(world, 'in'), source, 5)) !== undefined);
      for (let tries = 0; tries < RING_SIZE + 30; tries++) {
        const container = who === 'one container' ? pool[0] : who === 'two that alternate' ? pool[tries % 2] : make();
        const ending = await world.deliver(cursorOf(world, 'by-key'), container as Container, 2 + (tries % 3));
        if (commits.length > 2) expect(ending).toMatchObject({ kind: 'failed', error: { code: 'SINK_UNAVAILABLE' } });
      }
      // What was on its way when the sink began to refuse, and not one more.
      expect(commits.length).toBeLessThan(RING_SIZE / 4);
      const stuckAt = commits.length;
      await world.deliver(cursorOf(world, 'by-key'), make(), 9);
      expect(commits.length).toBe(stuckAt);
      refuses = false;
      await finish(world, { containerOf: (stage) => world.container(stage), batchSize: () => 7 });
      await checkOutcome(world);
    },
  );
});

const Row = z.object({ key: z.string(), rows: z.int() });

/** Nothing but the panes: 100,000 of them in a list would measure the list. */
const countsPipeline = definePipeline('counts', {}, (p) => {
  p.source(
    'in',
    kinesisSource({
      stream: 'in',
      schema: z.object({ id: z.string(), key: z.string(), at: z.int() }),
      eventTimeMs: (row) => row.at,
      watermarks: boundedOutOfOrderness(milliseconds(0)),
    }),
  )
    .keyBy('by-key', (row) => row.key)
    .window('panes', tumbling(milliseconds(10_000)))
    .aggregate('counts', { rows: count() })
    .map('row', ({ key, value }) => ({ key, rows: value.rows }))
    .sink('fired', kinesisSink({ stream: 'fired', schema: Row, partitionKey: (row) => row.key }));
});

describe('100,000 panes that end at once', () => {
  it('are fired once each, in commits of bounded size, by one invocation', async () => {
    const panes = 100_000;
    const world = new World({ pipeline: countsPipeline, seed: 1, shards: 1 });
    const source = world.container('in');
    for (let from = 0; from < panes; from += 10_000) {
      await world.send(Array.from({ length: 10_000 }, (_, i) => putOf('e', `k${from + i}`, 1_000)));
      await world.deliver(cursorOf(world, 'in'), source, 10_000);
    }
    const commits: CommitFacts[] = [];
    const keyed = world.container('by-key', { committed: (facts) => commits.push(facts) });
    while ((await world.deliver(cursorOf(world, 'by-key'), keyed, 100)) !== undefined);
    expect(world.appended('fired')).toEqual([]);
    await world.send([putOf('last', 'last', 60_000)]);
    await world.deliver(cursorOf(world, 'in'), source, 10);
    commits.length = 0;
    expect(await world.deliver(cursorOf(world, 'by-key'), keyed, 10)).toMatchObject({ kind: 'done' });
    const fired = world.appended<z.infer<typeof Row>>('fired').map(({ key }) => key);
    expect(fired).toHaveLength(panes);
    expect(new Set(fired).size).toBe(panes);
    expect(commits.length).toBeGreaterThan(50);
    expect(Math.max(...commits.map(({ payloadBytes }) => payloadBytes))).toBeLessThan(4 * 1024 * 1024);
    // The watermark goes with the last one.
    expect(commits.findIndex(({ watermarkMs }) => watermarkMs > 10_000)).toBe(commits.length - 1);
  });
});

describe('a producer with an old map of shards', () => {
  /** Sees one shard where there are two now. */
  const oldMap = (streams: StreamPort): Faults => ({
    around: async (call, effect) => {
      const answer = await effect();
      if (call.operation !== 'listShards' || call.target === 'in') return answer;
      const shards = await streams.listShards(call.target);
      return [{ ...shards[0], hashEnd: 2n ** 128n - 1n }] as typeof answer;
    },
  });

  const makeWorld = async () => {
    const world = new World({ pipeline: idsPipeline(), seed: 4, shards: 2 });
    await world.send(makeInput(new SeededRandom(4), { count: 120, keys: 20, lateShare: 0.1 }));
    // The job knows both shards.
    await world.container('in').runtime.job();
    return world;
  };

  it('loses nothing: what lands in the wrong shard is relayed', async () => {
    const world = await makeWorld();
    const stale = world.container('in', {}, oldMap(world.streams));
    const containers = new Map(world.pipeline.plan.stages.map(({ id }) => [id, world.container(id)]));
    await finish(world, {
      containerOf: (stage) => (stage === 'in' ? stale : (containers.get(stage) as Container)),
      batchSize: () => 10,
    });
    await checkOutcome(world);
  });

  it('loses nothing when newer packets come before the relayed ones: they are held', async () => {
    const world = await makeWorld();
    const containers = new Map(world.pipeline.plan.stages.map(({ id }) => [id, world.container(id)]));
    const stale = world.container('in', {}, oldMap(world.streams));
    const watermarks: number[] = [];
    const second = world.container('by-key', { committed: ({ watermarkMs }) => watermarks.push(watermarkMs) });
    for (const shard of [0, 1]) {
      // Who knows the shard already does not send its head again when another has come between.
      await world.deliver(cursorOf(world, 'in', shard), containers.get('in') as Container, 1);
      await world.deliver(cursorOf(world, 'in', shard), stale, 15);
      await world.deliver(cursorOf(world, 'in', shard), containers.get('in') as Container, 15);
    }
    // The second shard sees the second commits first: they follow ones that it has not got yet.
    expect(await world.deliver(cursorOf(world, 'by-key', 1), second, 10)).toMatchObject({ kind: 'done' });
    expect(watermarks).toHaveLength(1);
    const held = watermarks[0] as number;
    await world.deliver(cursorOf(world, 'by-key', 0), containers.get('by-key') as Container, 10);
    expect(await world.deliver(cursorOf(world, 'by-key', 1), second, 10)).toMatchObject({ kind: 'done' });
    expect(watermarks.at(-1)).toBeGreaterThan(held);
    await finish(world, { containerOf: (stage) => containers.get(stage) as Container, batchSize: () => 10 });
    await checkOutcome(world);
  });

  it('loses nothing when the container that relays dies before its commit, or after it', async () => {
    for (const step of ['relayed', 'committed'] as const) {
      const world = await makeWorld();
      const containers = new Map(world.pipeline.plan.stages.map(({ id }) => [id, world.container(id)]));
      const stale = world.container('in', {}, oldMap(world.streams));
      const dying = world.container('by-key', {
        step: (passed) => {
          if (passed !== step) return undefined;
          dying.life.kill();
          return new Promise<void>(() => undefined);
        },
      });
      await world.deliver(cursorOf(world, 'in'), stale, 15);
      expect(await world.deliver(cursorOf(world, 'by-key'), dying, 10)).toEqual({ kind: 'killed' });
      await finish(world, { containerOf: (stage) => containers.get(stage) as Container, batchSize: () => 4 });
      await checkOutcome(world);
    }
  });
});

describe('two containers that alternate', () => {
  it('put out the same as one, and lose a race only until they know', async () => {
    const world = new World({ pipeline: idsPipeline(), seed: 2, shards: 1 });
    await world.send(makeInput(new SeededRandom(2), { count: 200, keys: 4, lateShare: 0.1, poisonShare: 0.02 }));
    let lost = 0;
    const observer = { lostRace: () => lost++ };
    const pools = new Map(
      world.pipeline.plan.stages.map(({ id }) => [id, [world.container(id, observer), world.container(id, observer)]]),
    );
    let turn = 0;
    await finish(world, {
      containerOf: (stage) => (pools.get(stage) as Container[])[turn++ % 2] as Container,
      batchSize: () => 3,
    });
    await checkOutcome(world);
    expect(lost).toBeLessThan(20);
  });
});
