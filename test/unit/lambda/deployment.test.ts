import { describe, expect, it } from 'vitest';
import revenue from '../../../functions/revenue/pipeline.ts';
import { readDeployment } from '../../../lib/lambda/deployment.ts';

const document = {
  stateTable: 'prod-state',
  streams: { orders: 'prod-orders', 'revenue-by-province': 'prod-hop', 'late-orders': 'prod-late' },
  tables: { revenue: 'prod-revenue' },
};

const read = (stage: string | undefined, deployment: unknown) =>
  readDeployment(revenue, {
    MILLRACE_STAGE: stage,
    MILLRACE_DEPLOYMENT: typeof deployment === 'string' ? deployment : JSON.stringify(deployment),
  });

const without = (kind: 'streams' | 'tables', logical: string) => ({
  ...document,
  [kind]: Object.fromEntries(Object.entries(document[kind]).filter(([name]) => name !== logical)),
});

describe('readDeployment', () => {
  it('reads stage and names', () => {
    expect(read('by-province', document)).toEqual({ stage: 'by-province', deployment: document });
  });

  it('asks a stage only for what it needs', () => {
    // The source stage writes no sink, but lists the shards of every stage's stream.
    expect(read('orders', { ...without('streams', 'late-orders'), tables: {} }).stage).toBe('orders');
    expect(() => read('orders', without('streams', 'revenue-by-province'))).toThrow('streams.revenue-by-province');
  });

  it('reads where large payloads go', () => {
    const blobs = { bucket: 'prod-blobs', prefix: 'revenue/', readOnly: true };
    expect(read('orders', { ...document, blobs }).deployment.blobs).toEqual(blobs);
  });

  it.each<[string, string | undefined, unknown, string]>([
    ['no stage', undefined, document, 'MILLRACE_STAGE is not set; allowed: orders, by-province.'],
    ['an unknown stage', 'ordrs', document, "MILLRACE_STAGE is 'ordrs'; allowed: orders, by-province."],
    ['no document', 'orders', '', 'MILLRACE_DEPLOYMENT is not set.'],
    ['text that is no JSON', 'orders', '{', 'MILLRACE_DEPLOYMENT is not JSON'],
    ['a wrong type', 'orders', { ...document, stateTable: 7 }, 'MILLRACE_DEPLOYMENT, stateTable, is wrong'],
    [
      'an empty name',
      'orders',
      { ...document, tables: { revenue: '' } },
      'MILLRACE_DEPLOYMENT, tables.revenue, is wrong',
    ],
    ['blobs without a bucket', 'orders', { ...document, blobs: { bucket: '' } }, 'blobs.bucket, is wrong'],
    ['a misspelt field of blobs', 'orders', { ...document, blobs: { bucket: 'b', prefx: '' } }, '"prefx"'],
    ['a misspelt field', 'orders', { ...document, stream: {} }, '"stream"'],
    ['a stream that is missing', 'orders', without('streams', 'orders'), 'streams.orders, is missing'],
    ['a table that is missing', 'by-province', without('tables', 'revenue'), 'tables.revenue, is missing'],
    [
      'a sink stream that is missing',
      'by-province',
      without('streams', 'late-orders'),
      'streams.late-orders, is missing',
    ],
  ])('refuses %s, and names variable, path and fix', (_what, stage, deployment, message) => {
    expect(() => read(stage, deployment)).toThrow(
      expect.objectContaining({
        code: 'DEPLOYMENT_INVALID',
        kind: 'configuration',
        message: expect.stringContaining(message),
        fix: expect.stringContaining('Set it to'),
      }),
    );
  });
});
