import {
  type Aggregator,
  boundedOutOfOrderness,
  count,
  kinesisSource,
  milliseconds,
  type PipelineScope,
  type Stream,
} from 'millrace';
import * as z from 'zod';

export const Row = z.object({ id: z.string() });
type Row = z.infer<typeof Row>;

/** A count of the rows whose id does not begin with 'bad'; it throws at the others. */
export const refusing: Aggregator<Row, number, number> = {
  ...count(),
  add: (rows, { id }) => {
    if (id.startsWith('bad')) throw new Error('no');
    return rows + 1;
  },
};

/** Rows of one instant, so that no order among them matters. */
export const rowsOf = (p: PipelineScope): Stream<Row> =>
  p.source(
    'in',
    kinesisSource({
      stream: 'in',
      schema: Row,
      eventTimeMs: () => 0,
      watermarks: boundedOutOfOrderness(milliseconds(0)),
    }),
  );
