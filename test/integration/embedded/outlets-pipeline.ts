import {
  boundedOutOfOrderness,
  count,
  definePipeline,
  httpSink,
  kinesisSource,
  s3Sink,
  seconds,
  sqsSink,
  tumbling,
} from 'millrace';
import * as z from 'zod';

const Reading = z.object({ id: z.string(), device: z.string(), at: z.int() });
const Count = z.object({ device: z.string(), start: z.int(), readings: z.int() });

export default definePipeline('outlets', {}, (p) => {
  const readings = p.source(
    'readings',
    kinesisSource({
      stream: 'readings',
      schema: Reading,
      eventTimeMs: (reading) => reading.at,
      watermarks: boundedOutOfOrderness(seconds(5)),
    }),
  );
  readings.sink('archive', s3Sink({ bucket: 'archive', prefix: 'raw', schema: Reading }));
  const counts = readings
    .keyBy('by-device', ({ device }) => device)
    .window('ten', tumbling(seconds(10)))
    .aggregate('counts', { readings: count() })
    .map('row', ({ key, window, value }) => ({ device: key, start: window.startMs, readings: value.readings }));
  counts.sink('alerts', sqsSink({ queue: 'alerts.fifo', schema: Count, groupId: ({ device }) => device }));
  counts.sink(
    'hook',
    httpSink({ url: { env: 'HOOK_URL' }, headers: { authorization: { env: 'HOOK_TOKEN' } }, schema: Count }),
  );
});
