import {
  boundedOutOfOrderness,
  type Delivery,
  definePipeline,
  kinesisSink,
  kinesisSource,
  milliseconds,
} from 'millrace';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { StoreRequest } from '../../lib/state/item-store.ts';
import type { PortCall } from '../support/faulty-ports.ts';
import { World } from '../support/world.ts';

const Reading = z.object({ id: z.string(), device: z.string(), at: z.int(), note: z.string() });

/** No keys and no windows: every record leaves as a row, and the outbox is all that a commit holds. */
const pipeline = (delivery: Delivery) =>
  definePipeline('pass', { delivery }, (p) => {
    p.source(
      'in',
      kinesisSource({
        stream: 'in',
        schema: Reading,
        eventTimeMs: ({ at }) => at,
        watermarks: boundedOutOfOrderness(milliseconds(0)),
      }),
    ).sink('out', kinesisSink({ stream: 'out', schema: Reading, partitionKey: ({ device }) => device }));
  });

const RECORDS = 100;

/** Text that no compression makes small: 100 bytes of it in 200-byte records. */
const noise = (seed: number): string => {
  let state = seed + 1;
  return Array.from({ length: 100 }, () => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    return 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[(state >> 16) & 63];
  }).join('');
};

/** One batch of a warm container. */
const measure = async (delivery: Delivery) => {
  const requests: StoreRequest[] = [];
  const world = new World({ pipeline: pipeline(delivery), seed: 1, shards: 1, requests });
  const calls: PortCall[] = [];
  const payloads: number[] = [];
  const container = world.container(
    'in',
    { committed: ({ payloadBytes }) => payloads.push(payloadBytes) },
    {
      around: (call, effect) => {
        if (call.writes) calls.push(call);
        return effect();
      },
    },
  );
  const cursor = world.cursors[0] as (typeof world.cursors)[number];
  for (let batch = 0; batch < 3; batch++) {
    requests.length = 0;
    calls.length = 0;
    await world.send(
      Array.from({ length: RECORDS }, (_, i) => {
        const value = {
          id: `r${batch}-${i}`,
          device: `device-${i % 7}`,
          at: 1_700_000_000_000 + i,
          note: noise(batch * RECORDS + i),
        };
        return { partitionKey: 'p', data: Buffer.from(JSON.stringify(value)) };
      }),
    );
    expect(await world.deliver(cursor, container, RECORDS)).toMatchObject({ kind: 'done' });
  }
  const order = calls.map(({ port }) => port);
  return {
    delivery,
    writes: order.join(', '),
    'waits before the rows are out': order.indexOf('sinks') + 1,
    'waits of the invocation': order.length,
    payloadBytes: payloads.at(-1) as number,
    writeUnits: requests.reduce((sum, { writeUnits }) => sum + writeUnits, 0),
    shown: world.appended('out').length,
  };
};

describe(`a batch of ${RECORDS} records that pass through`, () => {
  it('is kept by the commit under exactly-once alone, and out one wait earlier under at-least-once', async () => {
    const rows = [];
    for (const delivery of ['exactly-once', 'at-least-once', 'at-most-once'] as const)
      rows.push(await measure(delivery));
    console.table(rows);
    const [exactly, atLeast, atMost] = rows as [Row, Row, Row];
    expect([exactly.writes, atLeast.writes, atMost.writes]).toEqual(['items, sinks', 'sinks, items', 'items, sinks']);
    expect(exactly.writeUnits).toBeGreaterThan(5);
    expect([atLeast.writeUnits, atMost.writeUnits]).toEqual([1, 1]);
    for (const { shown } of rows) expect(shown).toBe(3 * RECORDS);
  });
});

type Row = Awaited<ReturnType<typeof measure>>;
