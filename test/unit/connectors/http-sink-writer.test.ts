import { describe, expect, it } from 'vitest';
import type { WebhookAnswer, WebhookRequest } from '../../../lib/connectors/http/http-port.ts';
import { HttpSinkWriter } from '../../../lib/connectors/http/http-sink-writer.ts';
import { MillraceError } from '../../../lib/errors/millrace-error.ts';
import { countedClock, evenRandom, outputRow } from '../../support/output-rows.ts';

const open = (answer: (request: WebhookRequest, count: number) => WebhookAnswer, concurrency = 1) => {
  const requests: WebhookRequest[] = [];
  const clock = countedClock(Date.UTC(2024, 0, 1));
  const endpoint = { post: async (request: WebhookRequest) => answer(request, requests.push(request)) };
  const writer = new HttpSinkWriter({
    endpoint,
    sink: 'hook',
    timeoutMs: 5_000,
    concurrency,
    clock,
    random: evenRandom,
  });
  return { requests, clock, writer };
};

const silence = () => {
  throw new MillraceError('retryable', 'SINK_UNAVAILABLE', 'no answer');
};

describe('a webhook', () => {
  it('gets a request for each row, in their order where one goes at a time', async () => {
    const { requests, writer } = open(() => ({ status: 204 }));
    await writer.write([outputRow({ a: 1 }, 7, 0), outputRow({ a: 2 }, 7, 1)]);
    expect(requests).toEqual([
      { body: '{"a":1}', outputId: 'job/1/stage/stream@1/shardId-000000000000/7/0', timeoutMs: 5_000 },
      { body: '{"a":2}', outputId: 'job/1/stage/stream@1/shardId-000000000000/7/1', timeoutMs: 5_000 },
    ]);
  });

  it.each([408, 409, 425, 429, 500, 502, 503, 504])('gets a row again, the same, after %i', async (status) => {
    const { requests, writer } = open((_, count) => ({ status: count === 1 ? status : 200 }));
    await writer.write([outputRow({}, 1, 0)]);
    expect(requests).toHaveLength(2);
    expect(requests[1]).toEqual(requests[0]);
  });

  it('gets a row again when it said nothing', async () => {
    const { requests, writer } = open((_, count) => (count === 1 ? silence() : { status: 200 }));
    await writer.write([outputRow({}, 1, 0)]);
    expect(requests).toHaveLength(2);
  });

  it.each([301, 400, 401, 403, 404, 410, 413, 422])('blocks its shard by %i, at once', async (status) => {
    const { requests, writer } = open(() => ({ status }));
    const refused = { code: 'SINK_REFUSED', kind: 'operator', fields: { sink: 'hook', status } };
    await expect(writer.write([outputRow({}, 1, 0)])).rejects.toMatchObject(refused);
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['3', 3_000],
    ['Mon, 01 Jan 2024 00:00:07 GMT', 7_000],
  ])('is left alone for as long as Retry-After %s says', async (retryAfter, waitMs) => {
    const { clock, writer } = open((_, count) => (count === 1 ? { status: 429, retryAfter } : { status: 200 }));
    await writer.write([outputRow({}, 1, 0)], { remainingMs: 10_000 });
    expect(clock.waits).toEqual([waitMs]);
  });

  it('is not waited for beyond the deadline', async () => {
    const { requests, clock, writer } = open(() => ({ status: 503, retryAfter: '60' }));
    await expect(writer.write([outputRow({}, 1, 0)], { remainingMs: 30_000 })).rejects.toMatchObject({
      code: 'SINK_UNAVAILABLE',
      kind: 'retryable',
      fields: { retryAfterMs: 60_000 },
    });
    expect([requests.length, clock.waits]).toEqual([1, []]);
  });

  it('has no longer for an answer than the invocation', async () => {
    const { requests, writer } = open(() => ({ status: 200 }));
    await writer.write([outputRow({}, 1, 0)], { remainingMs: 1_200.5 });
    expect(requests[0]?.timeoutMs).toBe(1_201);
  });

  it('is asked once where nothing may be sent twice', async () => {
    let unsent = 0;
    const { requests, writer } = open((_, count) => (count === 1 ? silence() : { status: count === 2 ? 404 : 200 }));
    const all = Array.from({ length: 4 }, (_, i) => outputRow(i, 1, i));
    await writer.write(all, { remainingMs: 1_000, onUnsent: (count) => (unsent += count) });
    expect([requests.length, unsent]).toEqual([4, 2]);
  });
});
