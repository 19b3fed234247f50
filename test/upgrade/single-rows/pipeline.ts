import {
  boundedOutOfOrderness,
  definePipeline,
  kinesisSink,
  kinesisSource,
  milliseconds,
  type Pipeline,
  seconds,
} from 'millrace';
import * as z from 'zod';

export const Click = z.object({ id: z.string(), key: z.string(), at: z.int() });
export type Click = z.infer<typeof Click>;

export const LOWER_MS = -2_000;
export const UPPER_MS = 8_000;

/** As it was when the state in `state.json` was written, and to be left like that. */
export const pipeline = (): Pipeline =>
  definePipeline('clicks', {}, (p) => {
    const [shown, clicked] = (['shown', 'clicked'] as const).map((stream) =>
      p
        .source(
          stream,
          kinesisSource({
            stream,
            schema: Click,
            eventTimeMs: ({ at }) => at,
            watermarks: boundedOutOfOrderness(seconds(1)),
          }),
        )
        .keyBy(`${stream}-key`, ({ key }) => key),
    );
    shown!
      .intervalJoin('both', clicked!, { lower: milliseconds(LOWER_MS), upper: milliseconds(UPPER_MS) })
      .map('ids', ({ left, right }) => `${left.id}-${right.id}`)
      .sink('pairs', kinesisSink({ stream: 'pairs', schema: z.string(), partitionKey: () => 'all' }));
  });
