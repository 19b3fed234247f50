import {
  boundedOutOfOrderness,
  definePipeline,
  dynamoSink,
  kinesisSink,
  kinesisSource,
  minutes,
  type Sink,
  seconds,
  tumbling,
} from 'millrace';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { codeOf, errorOf, Order, orders, rowTable } from './fixtures.ts';

const isoDate = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});

const withSink = (sink: Sink<never>) =>
  definePipeline('p', {}, (p) =>
    p
      .source('orders', orders())
      .map('row', () => undefined as never)
      .sink('out', sink),
  );

const keyed = (schema: z.ZodType) =>
  definePipeline('p', {}, (p) => {
    const source = kinesisSource({
      stream: 's',
      schema,
      eventTimeMs: () => 0,
      watermarks: boundedOutOfOrderness(seconds(0)),
    });
    const late = p
      .source('in', source)
      .keyBy('k', () => 1)
      .window('w', tumbling(minutes(1))).late;
    late
      .map('row', () => ({ a: 1 }))
      .sink('out', kinesisSink({ stream: 'o', schema: z.object({ a: z.int() }), partitionKey: () => '' }));
  });

describe('a schema that has to encode', () => {
  it('is refused with the path of its transform, at the keyBy that it crosses', () => {
    const error = errorOf(() =>
      keyed(z.object({ lines: z.array(z.object({ at: z.string().transform((text) => new Date(text)) })) })),
    );
    expect(error).toMatchObject({ code: 'SCHEMA_CANNOT_ENCODE', fields: { path: '$.lines[].at' } });
    expect(error.message).toContain("operator 'k'");
  });

  it('is refused with the path of what JSON cannot hold', () => {
    expect(errorOf(() => keyed(z.object({ at: z.date().optional() }))).fields.path).toBe('$.at');
    expect(errorOf(() => keyed(z.object({ tags: z.tuple([z.string(), z.set(z.string())]) }))).fields.path).toBe(
      '$.tags[1]',
    );
    expect(codeOf(() => keyed(z.union([z.string(), z.bigint()])))).toBe('SCHEMA_CANNOT_ENCODE');
    expect(codeOf(() => keyed(z.preprocess((value) => value, z.string())))).toBe('SCHEMA_CANNOT_ENCODE');
  });

  it('may hold codecs, checks, defaults and schemas of themselves', () => {
    const Tree = z.object({
      at: isoDate,
      name: z.string().trim().min(1),
      size: z.int().default(0),
      get children() {
        return z.array(Tree);
      },
    });
    expect(keyed(Tree).plan.stages).toHaveLength(2);
  });

  it('may hold anything where a stream does not cross a repartition', () => {
    const source = kinesisSource({
      stream: 's',
      schema: z.string().transform(Number),
      eventTimeMs: (n) => n,
      watermarks: boundedOutOfOrderness(seconds(0)),
    });
    const { plan } = definePipeline('p', {}, (p) => {
      p.source('in', source).sink(
        'out',
        kinesisSink({ stream: 'o', schema: z.number(), partitionKey: String, idField: undefined }),
      );
    });
    expect(plan.stages).toHaveLength(1);
  });

  it('is checked where map declares it and where a sink has it', () => {
    const Dated = z.object({ at: z.date() });
    expect(
      codeOf(() =>
        definePipeline(
          'p',
          {},
          (p) => void p.source('in', orders()).map('m', () => ({ at: new Date(0) }), { schema: Dated }),
        ),
      ),
    ).toBe('SCHEMA_CANNOT_ENCODE');
    expect(
      errorOf(() => withSink(kinesisSink({ stream: 's', schema: Dated, partitionKey: () => '' }))).message,
    ).toContain("operator 'out': the sink's schema");
  });
});

describe('the key of a table', () => {
  const Row = z.object({
    id: z.string(),
    n: z.int().optional(),
    flag: z.boolean(),
    at: isoDate,
    kind: z.enum(['a', 'b']),
  });
  const table = (key: unknown, schema: z.ZodType = Row) => dynamoSink({ table: 't', schema, key: key as never });

  it.each([['missing'], ['id', 'n'], ['flag']])('is refused with the fields %j', (...key) => {
    const error = errorOf(() => withSink(table(key)));
    expect(error.code).toBe('SINK_KEY_NOT_IN_SCHEMA');
    expect(error.fields).toMatchObject({ operator: 'out', table: 't', field: key.at(-1) });
  });

  it('is made of strings and numbers as they are stored', () => {
    expect(withSink(table(['id', 'at'])).plan.sinks[0]).toMatchObject({
      key: ['id', 'at'],
      keyTypes: ['string', 'string'],
    });
    expect(withSink(table(['kind'])).plan.sinks[0]!.keyTypes).toEqual(['string']);
    expect(withSink(rowTable()).plan.sinks[0]!.keyTypes).toEqual(['string', 'number']);
  });

  it('must be in every kind of row, with one type', () => {
    const Two = z.union([z.object({ id: z.string(), a: z.int() }), z.object({ id: z.string(), b: z.int() })]);
    expect(withSink(table(['id'], Two)).plan.sinks[0]!.keyTypes).toEqual(['string']);
    expect(errorOf(() => withSink(table(['a'], Two)))).toMatchObject({
      code: 'SINK_KEY_NOT_IN_SCHEMA',
      fields: { field: 'a', found: 'absent' },
    });
    const Mixed = z.union([z.object({ id: z.string() }), z.object({ id: z.int() })]);
    expect(codeOf(() => withSink(table(['id'], Mixed)))).toBe('SINK_KEY_NOT_IN_SCHEMA');
  });

  it('is left to the rows where the schema is not of an object', () => {
    expect(withSink(table(['id'], z.record(z.string(), z.string()))).plan.sinks[0]!.keyTypes).toEqual(['unknown']);
  });

  it('names each field once, and holds the stream’s key', () => {
    expect(codeOf(() => table(['id', 'id']))).toBe('INVALID_OPTION');
    expect(codeOf(() => table([]))).toBe('INVALID_OPTION');
    expect(codeOf(() => rowTable({ key: ['minute'], streamKey: 'province' }))).toBe('INVALID_OPTION');
  });
});

describe('a sink to a stream', () => {
  const sink = (options: object) => kinesisSink({ stream: 's', schema: Order, partitionKey: () => '', ...options });

  it('carries ids in _id unless it is told otherwise', () => {
    expect(sink({}).spec).toMatchObject({ idField: '_id' });
    expect(sink({ idField: 'outputId' }).spec).toMatchObject({ idField: 'outputId' });
    expect(sink({ idField: undefined }).spec).toMatchObject({ idField: undefined });
  });

  it('cannot promise exactly-once', () => {
    const error = errorOf(() => withSink(sink({ require: 'exactly-once' })));
    expect(error).toMatchObject({ code: 'SINK_CANNOT_HOLD_GUARANTEE', fields: { operator: 'out' } });
  });

  it('can promise ids only when it writes them', () => {
    expect(withSink(sink({ require: 'at-least-once with ids' })).plan.sinks[0]!.guarantee).toBe(
      'at-least-once with ids',
    );
    expect(codeOf(() => withSink(sink({ require: 'at-least-once with ids', idField: undefined })))).toBe(
      'SINK_CANNOT_HOLD_GUARANTEE',
    );
    expect(withSink(sink({ idField: undefined })).plan.sinks[0]!.guarantee).toBe('at-least-once');
  });

  it('does not put ids over the records’ own fields', () => {
    expect(codeOf(() => withSink(sink({ idField: 'id' })))).toBe('INVALID_OPTION');
  });
});

describe('the options of connectors', () => {
  it('are refused by name when there are none such', () => {
    const error = errorOf(() => rowTable({ keys: ['province'] } as never));
    expect(error).toMatchObject({ code: 'INVALID_OPTION', fields: { options: ['keys'] } });
    expect(error.fix).toContain('streamKey');
  });

  it.each([
    { stream: '' },
    { stream: 'no spaces' },
    { schema: {} },
    { eventTimeMs: 'at' },
    { watermarks: seconds(5) },
    { watermarks: undefined },
    { aggregation: 'KPL' },
    { start: 'latest' },
    { start: { timestampMs: 0.5 } },
  ])('of a source are refused when they are wrong: %o', (wrong) => {
    const watermarks = boundedOutOfOrderness(seconds(5));
    expect(
      codeOf(() =>
        kinesisSource({ stream: 's', schema: Order, eventTimeMs: () => 0, watermarks, ...(wrong as object) }),
      ),
    ).toBe('INVALID_OPTION');
  });

  it('of a source have defaults', () => {
    expect(orders().spec).toMatchObject({ aggregation: 'none', start: 'trim-horizon' });
  });

  it('of watermarks must be durations', () => {
    expect(codeOf(() => boundedOutOfOrderness(seconds(-1)))).toBe('INVALID_DURATION');
    expect(
      codeOf(() => boundedOutOfOrderness(seconds(1), { idle: { after: seconds(Number.NaN), action: 'advance' } })),
    ).toBe('INVALID_DURATION');
    expect(
      codeOf(() => boundedOutOfOrderness(seconds(1), { idle: { after: seconds(1), action: 'wait' as never } })),
    ).toBe('INVALID_OPTION');
  });
});
