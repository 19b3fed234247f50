import {
  boundedOutOfOrderness,
  definePipeline,
  kinesisSink,
  kinesisSource,
  type Millis,
  minutes,
  type Pipeline,
  seconds,
} from 'millrace';
import * as z from 'zod';

const Visit = z.object({ page: z.string(), at: z.int() });
const Pair = z.object({ page: z.string(), waitedMs: z.int() });

/** Views and buys of a page that come after them, up to so much later. */
export const joining = (upper: Millis = minutes(5)): Pipeline =>
  definePipeline('joins', {}, (p) => {
    const keyed = (stream: string) =>
      p
        .source(
          stream,
          kinesisSource({
            stream,
            schema: Visit,
            eventTimeMs: ({ at }) => at,
            watermarks: boundedOutOfOrderness(seconds(5)),
          }),
        )
        .keyBy(`${stream}-by-page`, ({ page }) => page);
    keyed('views')
      .intervalJoin('seen', keyed('buys'), { lower: seconds(0), upper })
      .map('pair', ({ key, left, right }) => ({ page: key, waitedMs: right.at - left.at }))
      .sink('out', kinesisSink({ stream: 'pairs', schema: Pair, partitionKey: ({ page }) => page }));
  });
