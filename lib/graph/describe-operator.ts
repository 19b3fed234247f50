import { accumulatorTypeOf, upcastsOf } from '../aggregates/accumulator-type.ts';
import type { HttpSinkSpec, SinkSpec } from '../connectors/specs.ts';
import { sharesSlices } from '../windows/aligned-windows.ts';
import type { AggregateNode, LogicalNode } from './logical-graph.ts';

/** The facts of an operator that a plan keeps: for people, and for the check of an upgrade. Plain JSON. */
export const describeOperator = (node: LogicalNode): Readonly<Record<string, unknown>> => {
  switch (node.kind) {
    case 'source': {
      const { watermarks } = node.spec;
      return { watermarks: watermarks.kind, boundMs: watermarks.boundMs, idle: watermarks.idle };
    }
    case 'map':
    case 'flatMap':
      return { schema: node.schema !== undefined };
    case 'window':
      return {
        assigner: { ...node.assigner },
        allowedLatenessMs: node.allowedLatenessMs,
        // What is stored: a plan of a release that kept panes only is another plan.
        ...(node.assigner.kind !== 'session' && sharesSlices(node.assigner) && { slices: 'shared' }),
      };
    case 'aggregate':
      return describeAggregates(node);
    case 'intervalJoin':
      // What is stored, as above: early releases had an entry for each record.
      return { left: node.left, right: node.right, lowerMs: node.lowerMs, upperMs: node.upperMs, waiting: 'lists' };
    case 'late':
      return node.side === undefined ? {} : { side: node.side };
    case 'sink':
      return describeSink(node.spec);
    default:
      return {};
  }
};

const describeSink = (spec: SinkSpec): Readonly<Record<string, unknown>> => {
  const { require } = spec;
  switch (spec.kind) {
    case 'dynamo':
      return { table: spec.table, key: spec.key, streamKey: spec.streamKey, require };
    case 'kinesis':
      return { stream: spec.stream, idField: spec.idField, require };
    case 'sqs':
      return { queue: spec.queue, fifo: spec.fifo, groups: spec.groupId !== undefined, require };
    case 's3':
      return { bucket: spec.bucket, prefix: spec.prefix, format: spec.format, require };
    case 'http':
      // Names only: a header's value, or the rest of the address, may be a secret.
      return { webhook: webhookName(spec.url), headers: Object.keys(spec.headers).sort(), require };
  }
};

/** As much of a webhook's address as may be shown: its origin, or where it comes from. */
export const webhookName = (url: HttpSinkSpec['url']): string => {
  if (typeof url === 'string') return new URL(url).origin;
  return typeof url === 'function' ? 'a function' : `$${url.env}`;
};

/**
 * Kinds, with their version from the second on; and what else is read, where something is. Panes hold accumulators in the order
 * of the definition, which the plan has to tell where it is not that of the names.
 */
const describeAggregates = ({ aggregators }: AggregateNode): Readonly<Record<string, unknown>> => {
  const all = Object.entries(aggregators);
  const reads = all.flatMap(([name, aggregator]) => {
    const types = [...upcastsOf(aggregator).keys()].sort();
    return types.length === 0 ? [] : [[name, types] as const];
  });
  return {
    aggregates: Object.fromEntries(
      all.map(([name, aggregator]) => [name, accumulatorTypeOf(aggregator).replace(/@1$/, '')]),
    ),
    ...(isSorted(all.map(([name]) => name)) ? {} : { order: all.map(([name]) => name) }),
    ...(reads.length === 0 ? {} : { reads: Object.fromEntries(reads) }),
  };
};

const isSorted = (names: readonly string[]): boolean =>
  names.every((name, i) => i === 0 || (names[i - 1] as string) < name);
