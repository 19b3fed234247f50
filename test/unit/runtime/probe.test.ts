import { describe, expect, it } from 'vitest';
import type { ReadPage, StreamPort } from '../../../lib/connectors/stream-port.ts';
import { firstAfter, requireDrained } from '../../../lib/runtime/probe.ts';

const position = { sequenceNumber: '7', arrivalMs: 0, emptyAsOfMs: 0 };
const record = { sequenceNumber: '9', partitionKey: 'k', data: new Uint8Array(), arrivalMs: 1 };
const empty = (behindLatestMs: number): ReadPage => ({ records: [], behindLatestMs, ended: false });

/** A stream whose shard answers these pages, the last one for ever. */
const streamOf = (...pages: ReadPage[]) =>
  ({
    openReader: async () => ({ next: async () => (pages.length > 1 ? pages.shift() : pages[0]) }),
  }) as unknown as StreamPort;

const look = (...pages: ReadPage[]) => firstAfter(streamOf(...pages), 'orders', 'shard-0', position, 'trim-horizon');

describe('firstAfter', () => {
  it('reads on over empty pages that are behind the tip', async () => {
    expect(await look(empty(5_000), empty(3_000), { ...empty(0), records: [record] })).toBe(record);
  });

  it('finds nothing at the tip, and at the end of a closed shard', async () => {
    expect(await look(empty(0))).toBeUndefined();
    expect(await look({ ...empty(1), ended: true })).toBeUndefined();
  });

  it('does not take many empty pages for the end', async () => {
    await expect(look(empty(5_000))).rejects.toMatchObject({ code: 'STREAM_UNAVAILABLE', kind: 'retryable' });
  });
});

describe('requireDrained', () => {
  const require = (...pages: ReadPage[]) =>
    requireDrained(streamOf(...pages), 'orders', 'shard-0', position, 'trim-horizon');

  it('takes the end of a closed shard, also behind empty pages', async () => {
    await require(empty(5_000), { ...empty(0), ended: true });
  });

  it.each([
    ['a record that is left', [{ ...empty(0), records: [record], ended: true }]],
    ['the tip of an open shard', [empty(0)]],
    ['many empty pages', [empty(5_000)]],
  ])('does not take %s for it', async (_, pages) => {
    await expect(require(...pages)).rejects.toMatchObject({ code: 'NOT_DRAINED', kind: 'retryable' });
  });
});
