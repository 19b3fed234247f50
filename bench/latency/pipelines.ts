import {
  boundedOutOfOrderness,
  count,
  definePipeline,
  dynamoSink,
  kinesisSource,
  milliseconds,
  type PipelineScope,
  seconds,
  tumbling,
} from 'millrace';
import * as z from 'zod';

export const Reading = z.object({ sensor: z.string(), at: z.int(), value: z.number() });

export const windowMs = 10_000;

const readingsOf = (p: PipelineScope) =>
  p
    .source(
      'readings',
      kinesisSource({
        stream: 'readings',
        schema: Reading,
        eventTimeMs: ({ at }) => at,
        watermarks: boundedOutOfOrderness(milliseconds(0)),
      }),
    )
    .filter('positive', ({ value }) => value > 0);

const Row = z.object({ sensor: z.string(), at: z.int(), tenfold: z.number() });

/** A filter and a map, and the hop to the stage that writes rows by their key. */
export const direct = definePipeline('latency-direct', { delivery: 'exactly-once' }, (p) => {
  readingsOf(p)
    .map('row', ({ sensor, at, value }) => ({ sensor, at, tenfold: value * 10 }))
    .sink('table', dynamoSink({ table: 'rows', schema: Row, key: ['sensor', 'at'] }));
});

const Count = z.object({ sensor: z.string(), at: z.int(), readings: z.int() });

/** A window on the other side of the hop, and rows of the same key as the window's. */
export const windowed = definePipeline('latency-windowed', { delivery: 'exactly-once' }, (p) => {
  readingsOf(p)
    .keyBy('by-sensor', ({ sensor }) => sensor)
    .window('window', tumbling(seconds(windowMs / 1_000)))
    .aggregate('counts', { readings: count() })
    .map('row', ({ key, window, value }) => ({ sensor: key, at: window.startMs, readings: value.readings }))
    .sink('table', dynamoSink({ table: 'rows', schema: Count, key: ['sensor', 'at'], streamKey: 'sensor' }));
});
