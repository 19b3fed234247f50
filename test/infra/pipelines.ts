import {
  boundedOutOfOrderness,
  count,
  type Delivery,
  definePipeline,
  dynamoSink,
  httpSink,
  kinesisSink,
  kinesisSource,
  type Millis,
  minutes,
  type Pipeline,
  type StartPosition,
  s3Sink,
  seconds,
  sqsSink,
  tumbling,
} from 'millrace';
import * as z from 'zod';

const Click = z.object({ page: z.string(), at: z.int() });
const Row = z.object({ page: z.string(), clicks: z.int() });

export interface Shape {
  readonly name?: string;
  readonly stream?: string;
  readonly delivery?: Delivery;
  readonly start?: StartPosition;
  readonly size?: Millis;
  readonly lateness?: Millis;
}

/** A pipeline of two stages with a sink of every kind. */
export const everySink = (shape: Shape = {}): Pipeline => {
  const { name = 'clicks', stream = 'clicks', delivery = 'exactly-once', start = 'trim-horizon' } = shape;
  return definePipeline(name, { delivery }, (p) => {
    const clicks = p.source(
      'clicks',
      kinesisSource({
        stream,
        schema: Click,
        eventTimeMs: ({ at }) => at,
        watermarks: boundedOutOfOrderness(seconds(5)),
        start,
      }),
    );
    clicks.sink('archive', s3Sink({ bucket: 'archive', prefix: 'clicks', schema: Click }));
    const rows = clicks
      .keyBy('by-page', ({ page }) => page)
      .window('minute', tumbling(shape.size ?? minutes(1)), { allowedLateness: shape.lateness ?? minutes(5) })
      .aggregate('counts', { clicks: count() })
      .map('row', ({ key, value }) => ({ page: key, ...value }));
    rows.sink('table', dynamoSink({ table: 'pages', schema: Row, key: ['page'], streamKey: 'page' }));
    rows.sink('changes', kinesisSink({ stream: 'changes', schema: Row, partitionKey: ({ page }) => page }));
    rows.sink('alerts', sqsSink({ queue: 'alerts.fifo', schema: Row, groupId: ({ page }) => page }));
    rows.sink('jobs', sqsSink({ queue: 'jobs', schema: Row }));
    rows.sink('pager', httpSink({ url: 'https://pager.example/events', schema: Row }));
  });
};
