import { describe, expect, it } from 'vitest';
import { type ProtocolStep, protocolSteps, type RuntimeObserver } from '../../lib/runtime/ports.ts';
import { SeededRandom } from '../../lib/testing/seeded-random.ts';
import { checkOutcome } from '../support/check-outcome.ts';
import type { Container } from '../support/container.ts';
import { never } from '../support/faulty-ports.ts';
import { finish } from '../support/finish.ts';
import { idsPipeline } from '../support/ids-pipeline.ts';
import { makeInput } from '../support/input-events.ts';
import { World } from '../support/world.ts';

/**
 * A container dies between each two steps of the protocol, at every commit of a small pipeline, and the batch goes to a
 * fresh one. `late write`: the write that was on its way when it died lands when the successor has loaded. `zombie`: it did
 * not die, but froze, and wakes up while the successor commits. `warm successor`: the successor has had every other batch so far,
 * and believes what it remembers.
 */
type Variant = 'same batches' | 'other batches' | 'late write' | 'zombie' | 'warm successor';

interface Kill {
  readonly stage: string;
  readonly step: ProtocolStep;
  /** Which passing of the step, from 0. */
  readonly passing: number;
  readonly variant: Variant;
}

const pipeline = idsPipeline();
// Small pieces, so that an invocation makes several commits and timers fire in slices.
const limits = { timers: 3, externalRows: 4 };
const input = { count: 26, keys: 3, lateShare: 0.1, poisonShare: 0.05, stepMs: 2_000 };

/** @returns whether there was such a passing */
const runWith = async ({ stage, step, passing, variant }: Kill, records: number, size: number): Promise<boolean> => {
  const world = new World({ pipeline, seed: 11, limits });
  await world.send(makeInput(new SeededRandom(11), { ...input, count: records }));
  const containers = new Map<string, Container>();
  const landing: (() => Promise<unknown>)[] = [];
  let wake = (): void => undefined;
  let passings = 0;
  let reached = false;
  let first: Container | undefined;
  const victim: RuntimeObserver = {
    step: (passed) => {
      if (passed !== step || reached || passings++ < passing) return undefined;
      reached = true;
      const { life } = containers.get(stage) as Container;
      if (variant === 'late write') return life.killAtNextWrite((effect) => landing.push(effect));
      if (variant === 'zombie') {
        life.abandon();
        return new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      life.kill();
      return never<void>();
    },
  };
  const successor: RuntimeObserver = {
    step: async (passed) => {
      if (passed === 'loaded') for (const effect of landing.splice(0)) await effect();
      if (passed === 'computed') wake();
    },
  };
  const warm = variant === 'warm successor' ? world.container(stage, successor) : undefined;
  let turns = 0;
  const containerOf = (wanted: string): Container => {
    if (warm !== undefined && wanted === stage && (reached || turns++ % 2 === 1)) return warm;
    const known = containers.get(wanted);
    if (known !== undefined && !(wanted === stage && reached && known === first)) return known;
    const fresh = world.container(wanted, wanted !== stage ? {} : known === undefined ? victim : successor);
    if (wanted === stage) first ??= fresh;
    containers.set(wanted, fresh);
    return fresh;
  };
  await finish(world, { containerOf, batchSize: () => (variant === 'other batches' && reached ? size + 2 : size) });
  wake();
  if (variant === 'zombie') await first?.settled;
  await checkOutcome(world);
  return reached;
};

const stages = pipeline.plan.stages.map(({ id }) => id);
const variants: readonly Variant[] = ['same batches', 'other batches', 'late write', 'zombie', 'warm successor'];

describe.each(stages)('a container of stage %s that is killed', (stage) => {
  it.each(variants)('at every step of every commit loses nothing and repeats nothing: %s', async (variant) => {
    const kills: Record<string, number> = {};
    for (const step of protocolSteps) {
      for (let passing = 0; await runWith({ stage, step, passing, variant }, input.count, 5); passing++) {
        kills[step] = passing + 1;
      }
    }
    console.log(`kills of ${stage}, ${variant}: ${JSON.stringify(kills)}`);
    const everyCommit = ['loaded', 'drained', 'computed', 'relayed', 'payload-stored', 'committed', 'published'];
    for (const step of everyCommit) expect([step, kills[step] ?? 0]).toEqual([step, expect.any(Number)]);
    // Of two containers that take turns, one has half of the commits.
    const least = variant === 'warm successor' ? 1 : 3;
    expect(Math.min(...everyCommit.map((step) => kills[step] ?? 0))).toBeGreaterThan(least);
  });

  it.each(variants)('while it writes a snapshot loses nothing and repeats nothing: %s', async (variant) => {
    for (const step of ['snapshot-written', 'snapshot-moved'] as const) {
      const reached = await runWith({ stage, step, passing: 0, variant }, stage === 'in' ? 150 : 300, 1);
      expect([step, reached]).toEqual([step, true]);
    }
  });
});
