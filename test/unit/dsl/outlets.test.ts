import {
  type Delivery,
  definePipeline,
  dynamoSink,
  httpSink,
  milliseconds,
  renderPlan,
  type Sink,
  s3Sink,
  sqsSink,
} from 'millrace';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { codeOf, errorOf, Order, orderStream, orders } from './fixtures.ts';

const withSink = (sink: Sink<z.infer<typeof Order>>, delivery: Delivery = 'exactly-once') =>
  definePipeline('p', { delivery }, (p) => p.source('orders', orders()).sink('out', sink));

const guaranteeOf = (sink: Sink<z.infer<typeof Order>>) => withSink(sink).plan.sinks[0]?.guarantee;

const queue = (options: object = {}) => sqsSink({ queue: 'out.fifo', schema: Order, ...options });
const bucket = (options: object = {}) => s3Sink({ bucket: 'archive', schema: Order, ...options });
const hook = (options: object = {}) =>
  httpSink({ url: 'https://hooks.example/T000/secret', schema: Order, ...options });

describe('what a sink holds', () => {
  it('is said by the plan', () => {
    expect(guaranteeOf(queue())).toBe('exactly-once within 5 minutes');
    expect(guaranteeOf(sqsSink({ queue: 'out', schema: Order }))).toBe('at-least-once with ids');
    expect(guaranteeOf(bucket())).toBe('exactly-once');
    expect(guaranteeOf(hook())).toBe('at-least-once with ids');
  });

  it('can be required', () => {
    for (const sink of [queue, hook]) {
      const error = errorOf(() => withSink(sink({ require: 'exactly-once' })));
      expect(error).toMatchObject({ code: 'SINK_CANNOT_HOLD_GUARANTEE', fields: { operator: 'out' } });
    }
    for (const sink of [queue, hook, bucket])
      expect(() => withSink(sink({ require: 'at-least-once with ids' }))).not.toThrow();
    expect(() => withSink(bucket({ require: 'exactly-once' }))).not.toThrow();
  });

  it('is shown with its condition', () => {
    expect(renderPlan(withSink(queue()).plan)).toMatch(
      /queue out\.fifo .*exactly-once within 5 minutes .*5 minutes; after/,
    );
    expect(renderPlan(withSink(bucket({ prefix: 'all' })).plan)).toMatch(
      /bucket archive\/all\/\n[\s\S]*bucket archive\/all\/\*\.jsonl\.gz .*never change/,
    );
    expect(renderPlan(withSink(hook()).plan)).toMatch(
      /webhook https:\/\/hooks\.example .*at-least-once with ids .*request/,
    );
  });
});

describe('what a sink holds in another mode', () => {
  const table = dynamoSink({ table: 'orders', schema: Order, key: ['id'] });
  const guaranteesOf = (delivery: Delivery) =>
    [table, bucket(), queue(), sqsSink({ queue: 'out', schema: Order }), orderStream(), hook()].map(
      (sink) => withSink(sink, delivery).plan.sinks[0]?.guarantee,
    );

  it('is at-least-once, but for tables, where rows leave before their commit', () => {
    expect(guaranteesOf('at-least-once')).toEqual(['exactly-once', ...Array(5).fill('at-least-once')]);
  });

  it('is at-most-once where they are sent one time', () => {
    expect(guaranteesOf('at-most-once')).toEqual(Array(6).fill('at-most-once'));
    expect(renderPlan(withSink(hook(), 'at-most-once').plan)).toContain('sent once, after the commit');
  });

  it('is refused where the sink requires more', () => {
    for (const delivery of ['at-least-once', 'at-most-once'] as const) {
      for (const require of ['exactly-once', 'at-least-once with ids']) {
        for (const sink of [bucket, queue, hook]) {
          const error = errorOf(() => withSink(sink({ require }), delivery));
          expect(error).toMatchObject({ code: 'SINK_CANNOT_HOLD_GUARANTEE', fields: { delivery } });
          expect(error.fix).toContain("'delivery'");
        }
      }
    }
    const required = dynamoSink({ table: 'orders', schema: Order, key: ['id'], require: 'exactly-once' });
    expect(() => withSink(required, 'at-least-once')).not.toThrow();
    expect(codeOf(() => withSink(required, 'at-most-once'))).toBe('SINK_CANNOT_HOLD_GUARANTEE');
  });

  it('makes another plan', () => {
    const hashes = (['exactly-once', 'at-least-once', 'at-most-once'] as const).map(
      (delivery) => withSink(hook(), delivery).plan.hash,
    );
    expect(new Set(hashes).size).toBe(3);
  });
});

describe('a webhook', () => {
  it('shows neither secrets nor the rest of its address in the plan', () => {
    const headers = { authorization: { env: 'TOKEN' }, 'X-Version': '7', 'x-signature': () => 'signed' };
    const { plan } = withSink(hook({ headers }));
    const text = JSON.stringify(plan) + renderPlan(plan);
    expect(text).toContain('authorization');
    for (const hidden of ['T000', 'secret', 'signed', '"7"']) expect(text).not.toContain(hidden);
    expect(withSink(hook({ url: { env: 'HOOK_URL' } })).plan.sinks[0]?.target).toBe('$HOOK_URL');
  });

  it.each([
    [{ url: 'hooks.example' }],
    [{ url: 'ftp://hooks.example' }],
    [{ url: 'https://user:s3cr3t@hooks.example' }],
    [{ headers: { Authorization: 'Bearer abc' } }],
    [{ headers: { 'x-api-key': 'abc' } }],
    [{ headers: { 'Idempotency-Key': 'mine' } }],
    [{ headers: { 'no space': 'x' } }],
    [{ headers: { a: 'x', A: 'y' } }],
    [{ headers: { a: 'line\nbreak' } }],
    [{ headers: { a: { env: 'NOT A NAME' } } }],
    [{ timeout: milliseconds(1) }],
    [{ concurrency: 0 }],
    [{ maxBodyBytes: 7 * 1024 * 1024 }],
    [{ method: 'GET' }],
  ])('is refused with %o', (options) => {
    const error = errorOf(() => hook(options));
    expect(error.code).toBe('INVALID_OPTION');
    for (const secret of ['s3cr3t', 'Bearer', 'abc']) expect(error.message).not.toContain(secret);
  });
});

describe('a queue', () => {
  it('is FIFO by its name, or because it is said to be', () => {
    expect(queue().spec).toMatchObject({ fifo: true });
    expect(sqsSink({ queue: 'out', fifo: true, schema: Order }).spec).toMatchObject({ fifo: true });
    expect(sqsSink({ queue: 'out', schema: Order }).spec).toMatchObject({ fifo: false, maxMessageBytes: 262_144 });
  });

  it.each([
    [{ queue: 'a.b' }],
    [{ queue: '' }],
    [{ fifo: false }],
    [{ queue: 'standard', groupId: () => 'x' }],
    [{ maxMessageBytes: 2 * 1024 * 1024 }],
    [{ schema: {} }],
  ])('is refused with %o', (options) => {
    expect(codeOf(() => queue(options))).toBe('INVALID_OPTION');
  });
});

describe('a bucket', () => {
  it('has one sink for a prefix', () => {
    const define = (...sinks: readonly Sink<z.infer<typeof Order>>[]) =>
      definePipeline('p', {}, (p) => {
        const all = p.source('orders', orders());
        for (const [i, sink] of sinks.entries()) all.sink(`out-${i}`, sink);
      });
    expect(codeOf(() => define(bucket({ prefix: 'a' }), bucket({ prefix: 'a/' })))).toBe('INVALID_OPTION');
    expect(() =>
      define(bucket({ prefix: 'a' }), bucket({ prefix: 'b' }), bucket({ bucket: 'other', prefix: 'a' })),
    ).not.toThrow();
  });

  it('has folders', () => {
    expect(bucket({ prefix: 'a/b' }).spec).toMatchObject({ prefix: 'a/b/', format: 'jsonl.gz' });
    expect(bucket({ prefix: 'a/' }).spec).toMatchObject({ prefix: 'a/' });
  });

  it.each([
    [{ bucket: 'UPPER' }],
    [{ bucket: 'ab' }],
    [{ prefix: '/a' }],
    [{ prefix: 'a b' }],
    [{ format: 'parquet' }],
  ])('is refused with %o', (options) => {
    expect(codeOf(() => bucket(options))).toBe('INVALID_OPTION');
  });
});

it('a schema that cannot encode is refused for every sink', () => {
  const schema = z.object({ at: z.string().transform((text) => new Date(text)) });
  for (const sink of [queue, bucket, hook])
    expect(codeOf(() => withSink(sink({ schema }) as never))).toBe('SCHEMA_CANNOT_ENCODE');
});
