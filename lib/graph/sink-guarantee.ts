import type { SinkGuarantee, SinkSpec } from '../connectors/specs.ts';
import type { Delivery } from './logical-graph.ts';

/** What a sink holds of a committed row, and so what its readers can count on. */
export type HeldGuarantee = SinkGuarantee | 'exactly-once within 5 minutes' | 'at-least-once' | 'at-most-once';

/**
 * When a mode lets the rows of a sink leave. `after`: with the commit's outbox, as often as it takes. `before`: before the
 * commit, which need not keep them. `once`: after the commit, one time.
 */
export type SinkTiming = 'after' | 'before' | 'once';

/**
 * A table's rows are versions of each other. One that is sent before its commit has the number of a commit that another
 * attempt may make, with other rows, which the table would then refuse as older: so tables keep the outbox.
 */
export const timingOf = ({ kind }: SinkSpec, delivery: Delivery): SinkTiming => {
  if (delivery === 'at-most-once') return 'once';
  return delivery === 'at-least-once' && kind !== 'dynamo' ? 'before' : 'after';
};

export const guaranteeOf = (spec: SinkSpec, delivery: Delivery): HeldGuarantee => {
  const timing = timingOf(spec, delivery);
  if (timing === 'once') return 'at-most-once';
  // Another attempt sends other rows under other ids: no id tells that they repeat each other.
  if (timing === 'before') return 'at-least-once';
  switch (spec.kind) {
    case 'dynamo':
    case 's3':
      return 'exactly-once';
    case 'sqs':
      return spec.fifo ? 'exactly-once within 5 minutes' : 'at-least-once with ids';
    case 'kinesis':
      return spec.idField === undefined ? 'at-least-once' : 'at-least-once with ids';
    case 'http':
      return 'at-least-once with ids';
  }
};
