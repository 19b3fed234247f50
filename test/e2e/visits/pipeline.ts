import {
  boundedOutOfOrderness,
  count,
  definePipeline,
  dynamoSink,
  kinesisSource,
  milliseconds,
  seconds,
  tumbling,
} from 'millrace';
import * as z from 'zod';

const Visit = z.object({ page: z.string(), at: z.int() });
const Row = z.object({ page: z.string(), from: z.int(), visits: z.int() });

/** A stream that falls silent: only the tick can close its last windows. */
export default definePipeline('visits', {}, (p) => {
  p.source(
    'visits',
    kinesisSource({
      stream: 'visits',
      schema: Visit,
      eventTimeMs: (visit) => visit.at,
      watermarks: boundedOutOfOrderness(milliseconds(500), { idle: { after: seconds(10), action: 'advance' } }),
    }),
  )
    .keyBy('by-page', (visit) => visit.page)
    .window('ten-seconds', tumbling(seconds(10)))
    .aggregate('visits-of-page', { visits: count() })
    .map('row', ({ key, window, value }) => ({ page: key, from: window.startMs, visits: value.visits }))
    .sink('table', dynamoSink({ table: 'visits', schema: Row, key: ['page', 'from'], streamKey: 'page' }));
});
