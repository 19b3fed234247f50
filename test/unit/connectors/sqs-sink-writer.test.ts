import { describe, expect, it } from 'vitest';
import type { QueueMessage, SendOutcome } from '../../../lib/connectors/sqs/queue-port.ts';
import { SqsSinkWriter } from '../../../lib/connectors/sqs/sqs-sink-writer.ts';
import { MillraceError } from '../../../lib/errors/millrace-error.ts';
import { MemoryQueue } from '../../../lib/memory/memory-queue.ts';
import { ManualClock } from '../../../lib/testing/manual-clock.ts';
import { countedClock, evenRandom, outputRow } from '../../support/output-rows.ts';

type Answer = (messages: readonly QueueMessage[], request: number) => readonly SendOutcome[];

const ok: SendOutcome = { ok: true };
const busy: SendOutcome = { ok: false, code: 'ServiceUnavailable', message: 'busy', senderFault: false };
const wrong: SendOutcome = { ok: false, code: 'InvalidMessageContents', message: 'wrong', senderFault: true };

const open = (answer: Answer, fifo: boolean, batchBytes?: number) => {
  const requests: (readonly QueueMessage[])[] = [];
  const queue = { send: async (messages: readonly QueueMessage[]) => answer(messages, requests.push(messages)) };
  const clock = countedClock();
  const size = batchBytes === undefined ? {} : { batchBytes };
  return { requests, clock, writer: new SqsSinkWriter({ queue, name: 'q', fifo, clock, random: evenRandom, ...size }) };
};

const rows = (count: number, partitionKey?: string) =>
  Array.from({ length: count }, (_, i) => outputRow({ i }, 1, i, { partitionKey }));

describe('a standard queue', () => {
  it('gets batches of at most 10 messages, each with its output id', async () => {
    const { requests, writer } = open((messages) => messages.map(() => ok), false);
    await writer.write(rows(23));
    expect(requests.map((messages) => messages.length)).toEqual([10, 10, 3]);
    expect(requests[0]?.[0]).toEqual({
      body: '{"i":0}',
      outputId: 'job/1/stage/stream@1/shardId-000000000000/1/0',
    });
  });

  it('gets batches of at most 256 KiB together', async () => {
    const { requests, writer } = open((messages) => messages.map(() => ok), false);
    await writer.write(Array.from({ length: 5 }, (_, i) => outputRow('x'.repeat(100_000), 1, i)));
    expect(requests.map((messages) => messages.length)).toEqual([2, 2, 1]);
  });

  it('gets again what it did not take, and nothing else', async () => {
    const { requests, clock, writer } = open(
      (messages, request) => messages.map((_, i) => (request === 1 && i % 2 === 1 ? busy : ok)),
      false,
    );
    await writer.write(rows(10));
    expect(requests[1]?.map(({ body }) => body)).toEqual(['{"i":1}', '{"i":3}', '{"i":5}', '{"i":7}', '{"i":9}']);
    expect(clock.waits).toHaveLength(1);
  });

  it('is unavailable when it goes on refusing', async () => {
    const { requests, writer } = open((messages) => messages.map(() => busy), false);
    await expect(writer.write(rows(1))).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE', kind: 'retryable' });
    expect(requests).toHaveLength(8);
  });

  it('is waited for no longer than the invocation has time', async () => {
    const { requests, writer } = open((messages) => messages.map(() => busy), false);
    await expect(writer.write(rows(1), { remainingMs: 0 })).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE' });
    expect(requests).toHaveLength(1);
  });

  it('blocks by a message that it calls wrong', async () => {
    const { requests, writer } = open((messages) => messages.map(() => wrong), false);
    await expect(writer.write(rows(1))).rejects.toMatchObject({ code: 'SINK_REFUSED', kind: 'operator' });
    expect(requests).toHaveLength(1);
  });

  it('takes every text that JSON has', async () => {
    const queue = new MemoryQueue({ fifo: false, clock: new ManualClock(0) });
    const value = `\u0000\u001f\ufffe\uffff\ud800 \u2028 é \u{1f600} ${String.fromCharCode(0xdc00)}`;
    await new SqsSinkWriter({ queue, name: 'q', fifo: false }).write([outputRow({ value }, 1, 0)]);
    expect(queue.messages().map(({ body }) => JSON.parse(body))).toEqual([{ value }]);
  });
});

describe('a FIFO queue', () => {
  it('gets the next message of a group only when the one before it was taken', async () => {
    const { requests, writer } = open((messages, request) => messages.map(() => (request === 1 ? busy : ok)), true);
    await writer.write([...rows(2, 'a'), outputRow({ i: 9 }, 1, 9, { partitionKey: 'b' })]);
    expect(requests.map((messages) => messages.map(({ body }) => body))).toEqual([
      ['{"i":0}', '{"i":9}'],
      ['{"i":0}', '{"i":9}'],
      ['{"i":1}'],
    ]);
  });

  it('groups by partition, or by shard where there are no keys, unless it is told otherwise', async () => {
    const { requests, writer } = open((messages) => messages.map(() => ok), true);
    await writer.write([
      outputRow(1, 1, 0),
      outputRow(2, 1, 1, { lp: -1 }),
      outputRow(3, 1, 2, { partitionKey: 'own' }),
    ]);
    const groups = requests.flat().map(({ groupId }) => groupId);
    expect(groups).toEqual(['lp-3', expect.stringMatching(/^[0-9a-f]{64}$/), 'own']);
  });

  it('drops what is sent again within 5 minutes, and takes it again after them', async () => {
    const clock = new ManualClock(1_000_000);
    const queue = new MemoryQueue({ fifo: true, clock });
    const writer = new SqsSinkWriter({ queue, name: 'q', fifo: true, clock, random: evenRandom });
    await writer.write(rows(3));
    clock.advance(5 * 60_000 - 1);
    await writer.write(rows(3));
    expect(queue.messages()).toHaveLength(3);
    clock.advance(1);
    await writer.write(rows(3));
    expect(queue.messages()).toHaveLength(6);
    expect(new Set(queue.messages().map(({ outputId }) => outputId)).size).toBe(3);
  });

  it('has a deduplication id that fits, and no two of one', async () => {
    const { requests, writer } = open((messages) => messages.map(() => ok), true);
    const unit = `${'j'.repeat(63)}/1/stage/${'s'.repeat(128)}@1700000000000/shardId-000000000001`;
    await writer.write([outputRow(1, 1, 11, { unit }), outputRow(1, 11, 1, { unit }), outputRow(1, 1, 1, { unit })]);
    const ids = requests.flat().map(({ dedupId }) => dedupId as string);
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[0-9a-zA-Z]{1,128}$/);
  });
});

describe('where nothing may be sent twice', () => {
  it('each message is sent once, and what was refused or may have been lost is counted', async () => {
    let unsent = 0;
    const onUnsent = (count: number) => {
      unsent += count;
    };
    const { requests, writer } = open((messages, request) => {
      if (request === 2) throw new MillraceError('retryable', 'SINK_UNAVAILABLE', 'silence');
      return messages.map((_, i) => (i === 0 ? busy : ok));
    }, false);
    await writer.write(rows(20), { remainingMs: 1_000, onUnsent });
    expect(requests).toHaveLength(2);
    expect(unsent).toBe(11);
  });
});
