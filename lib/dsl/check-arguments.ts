import * as z from 'zod';
import { checkOptions, functionOption, invalidOption, schemaOption } from '../core/check-options.ts';
import { describeValue } from '../core/describe-value.ts';
import { definitionError } from '../errors/millrace-error.ts';

/** What TypeScript checks for those who use it, and these functions for callers from JavaScript. */

export const mapOptionsShape = z.strictObject({ schema: schemaOption.optional() });

const renamedFrom = z.string({ error: 'expected the id of an operator' }).min(1).optional();

export const storedOptionsShape = z.strictObject({ renamedFrom });

export const windowOptionsShape = z.strictObject({ allowedLateness: z.unknown().optional(), renamedFrom });

export const intervalJoinOptionsShape = z.strictObject({ lower: z.unknown(), upper: z.unknown(), renamedFrom });

/** What an aggregate of the user's own says about its accumulators. */
const accumulatorShape = z.object({
  kind: z
    .string()
    .regex(/^[^@]+$/, { error: 'expected a name without @' })
    .optional(),
  version: z.int({ error: 'expected a whole number, 1 or more' }).min(1).optional(),
  upcasts: z
    .record(
      z.string().regex(/^(\d+|[^@]+(@\d+)?)$/, { error: "expected versions, such as 1 or 'sum@1'" }),
      functionOption,
    )
    .optional(),
});

export const checkFunction = (owner: string, name: string, value: unknown): void => {
  if (typeof value === 'function') return;
  throw invalidOption(
    owner,
    `${name} is ${describeValue(value)}; allowed is a function`,
    'Give a function of a record.',
  );
};

export const checkIsSink = (owner: string, value: unknown): void => {
  if (hasSpec(value, ['dynamo', 'kinesis', 'sqs', 's3', 'http'])) return;
  const fix = 'Make it with dynamoSink({ … }), kinesisSink({ … }), sqsSink({ … }), s3Sink({ … }) or httpSink({ … }).';
  throw invalidOption(owner, `the sink is ${describeValue(value)}; allowed is a sink`, fix);
};

export const checkIsSource = (owner: string, value: unknown): void => {
  if (hasSpec(value, ['kinesis']) && 'eventTimeMs' in (value as { spec: object }).spec) return;
  const fix = 'Make it with kinesisSource({ … }).';
  throw invalidOption(owner, `the source is ${describeValue(value)}; allowed is a source`, fix);
};

const hasSpec = (value: unknown, kinds: readonly string[]): boolean =>
  kinds.includes((value as { readonly spec?: { readonly kind?: string } } | undefined)?.spec?.kind ?? '');

export const checkAssigner = (owner: string, value: unknown): void => {
  const kind = (value as { readonly kind?: unknown } | undefined)?.kind;
  if (kind === 'tumbling' || kind === 'sliding' || kind === 'session') return;
  throw definitionError(
    'INVALID_WINDOW',
    `${owner}: the window is ${describeValue(value)}; allowed is a window assigner.`,
    'Make it with tumbling(size), sliding(size, slide) or session(gap).',
    { owner },
  );
};

export const checkAggregators = (owner: string, value: unknown): void => {
  if (typeof value !== 'object' || value === null || Object.keys(value).length === 0) {
    const fix = 'Name at least one, for example { orders: count() }.';
    throw invalidOption(owner, `the aggregates are ${describeValue(value)}; allowed is an object of aggregates`, fix);
  }
  for (const [name, aggregator] of Object.entries(value)) {
    if (isAggregator(aggregator)) {
      checkOptions(`${owner}: aggregate '${name}'`, accumulatorShape, aggregator);
      continue;
    }
    const fix =
      'Make it with count(), sum(fn), min(fn), max(fn), avg(fn), maxBy(fn), minBy(fn) or by the Aggregator port.';
    throw invalidOption(owner, `aggregate '${name}' is ${describeValue(aggregator)}; allowed is an aggregate`, fix);
  }
};

const isAggregator = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  ['create', 'add', 'merge', 'result'].every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
