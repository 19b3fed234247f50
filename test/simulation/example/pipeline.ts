import {
  boundedOutOfOrderness,
  count,
  definePipeline,
  dynamoSink,
  kinesisSource,
  minutes,
  seconds,
  tumbling,
} from 'millrace';
import * as z from 'zod';

const Click = z.object({ page: z.string(), at: z.int() });
const Row = z.object({ page: z.string(), minute: z.int(), clicks: z.int() });

/** The pipeline of the README's first five minutes. */
export const clicksPerPage = definePipeline('clicks', {}, (p) => {
  p.source(
    'clicks',
    kinesisSource({
      stream: 'clicks',
      schema: Click,
      eventTimeMs: (click) => click.at,
      watermarks: boundedOutOfOrderness(seconds(60)),
    }),
  )
    .keyBy('by-page', (click) => click.page)
    .window('minute', tumbling(minutes(1)))
    .aggregate('clicks-per-minute', { clicks: count() })
    .map('row', ({ key, window, value }) => ({ page: key, minute: window.startMs, clicks: value.clicks }))
    .sink('table', dynamoSink({ table: 'clicks', schema: Row, key: ['page', 'minute'], streamKey: 'page' }));
});
