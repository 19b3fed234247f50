import { describe, expect, it } from 'vitest';
import type { Random } from '../../../lib/core/random.ts';
import { MillraceError } from '../../../lib/errors/millrace-error.ts';
import { SeededRandom } from '../../../lib/testing/seeded-random.ts';
import { checkOutcome } from '../../support/check-outcome.ts';
import type { Faults, PortCall } from '../../support/faulty-ports.ts';
import { finish } from '../../support/finish.ts';
import { idsPipeline } from '../../support/ids-pipeline.ts';
import { makeInput } from '../../support/input-events.ts';
import { World } from '../../support/world.ts';

const pipeline = idsPipeline();

const unavailable = {
  items: () => new MillraceError('retryable', 'STORE_UNAVAILABLE', 'The table does not answer.'),
  streams: () => new MillraceError('retryable', 'STREAM_UNAVAILABLE', 'The stream does not answer.'),
  sinks: () => new MillraceError('retryable', 'SINK_UNAVAILABLE', 'The sink does not answer.'),
};

/** Refuses one in five of the calls that match. */
const refuseSome = (random: Random, matches: (call: PortCall) => boolean): Faults & { refused: number } => {
  return {
    refused: 0,
    around(call, effect) {
      if (!matches(call) || random.fraction() >= 0.2) return effect();
      this.refused++;
      return Promise.reject(unavailable[call.port]());
    },
  };
};

describe('an infrastructure that fails', () => {
  it.each<[what: string, matches: (call: PortCall) => boolean]>([
    ['reads of the table', ({ port, writes }) => port === 'items' && !writes],
    ['commits', ({ operation, target, genesis }) => operation === 'put' && target.startsWith('L#') && genesis !== true],
    ['counts of tries', ({ target }) => target === 'T'],
    ['quarantine items', ({ operation }) => operation === 'putMany'],
    ['probes', ({ operation }) => operation === 'openReader'],
    ['packets', ({ operation }) => operation === 'putRecords'],
    ['sinks', ({ port }) => port === 'sinks'],
  ])('in %s skips no record, and sends none of them to quarantine', async (_, matches) => {
    const world = new World({ pipeline, seed: 7 });
    await world.send(makeInput(world.random, { count: 120, keys: 3, poisonShare: 0.05 }));
    const faults = refuseSome(new SeededRandom(7), matches);
    await finish(world, {
      containerOf: (stage) => world.container(stage, {}, faults),
      batchSize: () => 1 + Math.floor(world.random.fraction() * 12),
      maxFailures: 200,
    });
    expect(faults.refused).toBeGreaterThan(0);
    await checkOutcome(world);
  });
});
