import {
  type Aggregator,
  boundedOutOfOrderness,
  type Delivery,
  definePipeline,
  httpSink,
  kinesisSink,
  kinesisSource,
  milliseconds,
  type Pipeline,
  s3Sink,
  sqsSink,
  tumbling,
} from 'millrace';
import type { SimulatedEvent } from 'millrace/testing';
import * as z from 'zod';

const Reading = z.object({ id: z.string(), device: z.string(), at: z.int() });
const Half = z.object({ id: z.string(), half: z.int() });
const Pane = z.object({ device: z.string(), start: z.int(), ids: z.array(z.string()) });

const ids: Aggregator<z.infer<typeof Reading>, readonly string[], string[]> = {
  create: () => [],
  add: (list, { id }) => [...list, id],
  merge: (left, right) => [...left, ...right],
  result: (list) => [...list].sort(),
};

/** Every kind of sink that appends, behind a stage without keys and behind panes. */
export const outletsPipeline = (delivery: Delivery = 'exactly-once'): Pipeline =>
  definePipeline('outlets', { delivery }, (p) => {
    const readings = p.source(
      'readings',
      kinesisSource({
        stream: 'readings',
        schema: Reading,
        eventTimeMs: (reading) => reading.at,
        watermarks: boundedOutOfOrderness(milliseconds(1_000)),
      }),
    );
    const halves = readings.flatMap('halves', ({ id }) => [
      { id, half: 1 },
      { id, half: 2 },
      { id, half: 3 },
    ]);
    halves.sink('queue', sqsSink({ queue: 'halves', schema: Half }));
    halves.sink('in-order', sqsSink({ queue: 'halves.fifo', schema: Half, groupId: ({ id }) => `g${id.length % 2}` }));
    halves.sink('webhook', httpSink({ url: 'http://127.0.0.1/halves', schema: Half, concurrency: 2 }));
    halves.sink('archive', s3Sink({ bucket: 'halves', schema: Half }));
    const panes = readings
      .keyBy('by-device', ({ device }) => device)
      .window('panes', tumbling(milliseconds(10_000)))
      .aggregate('ids', { ids })
      .map('row', ({ key, window, value }) => ({ device: key, start: window.startMs, ids: value.ids }));
    panes.sink('panes-fifo', sqsSink({ queue: 'panes.fifo', schema: Pane }));
    panes.sink('panes-archive', s3Sink({ bucket: 'panes', prefix: 'all', schema: Pane, format: 'jsonl' }));
    panes.sink('panes-webhook', httpSink({ url: 'http://127.0.0.1/panes', schema: Pane }));
    panes.sink('panes-stream', kinesisSink({ stream: 'panes', schema: Pane, partitionKey: ({ device }) => device }));
  });

export const makeReadings = (random: { fraction(): number }, size: number): SimulatedEvent[] =>
  Array.from({ length: size }, (_, i) => ({
    source: 'readings',
    value: { id: `r${i}`, device: `d${Math.floor(random.fraction() * 4)}`, at: i * 1_500 },
  }));
