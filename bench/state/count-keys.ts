import {
  boundedOutOfOrderness,
  count,
  days,
  definePipeline,
  kinesisSink,
  kinesisSource,
  seconds,
  tumbling,
} from 'millrace';
import * as z from 'zod';

const Event = z.object({ key: z.string(), at: z.int() });
const Row = z.object({ key: z.string(), count: z.int() });

/** Counts keys in a window that stays open: one pane for each key, and so one entry of state. */
export const countKeys = definePipeline('count-keys', { delivery: 'exactly-once' }, (p) => {
  p.source(
    'events',
    kinesisSource({
      stream: 'events',
      schema: Event,
      eventTimeMs: ({ at }) => at,
      watermarks: boundedOutOfOrderness(seconds(1)),
    }),
  )
    .keyBy('by-key', ({ key }) => key)
    .window('month', tumbling(days(30)))
    .aggregate('counts', { count: count() })
    .map('row', ({ key, value }) => ({ key, count: value.count }))
    .sink('out', kinesisSink({ stream: 'out', schema: Row, partitionKey: ({ key }) => key }));
});

/** The start of such a window. */
export const windowStartMs = Math.ceil(1_767_225_600_000 / days(30)) * days(30);

/** Keys that cannot be guessed from one another, so that text of them is as long when it is compressed, however many there are. */
export const keyOf = (i: number): string =>
  `user-${(Math.imul(i + 1, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0')}`;
