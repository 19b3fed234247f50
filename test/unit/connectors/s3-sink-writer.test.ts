import { describe, expect, it } from 'vitest';
import { S3SinkWriter } from '../../../lib/connectors/s3/s3-sink-writer.ts';
import type { OutputRow } from '../../../lib/connectors/sink-port.ts';
import { MemoryObjectStore } from '../../../lib/memory/memory-object-store.ts';
import { outputRow } from '../../support/output-rows.ts';

const folder = 'all/job/1/stage/stream@1/shardId-000000000000';

const open = (store = new MemoryObjectStore(), bounds = { rows: 2, bytes: 1_000 }) => ({
  store,
  writer: new S3SinkWriter({ store, bucket: 'b', prefix: 'all/', format: 'jsonl.gz', bounds }),
});

const rows = (n: number, count: number, from = 0): OutputRow[] =>
  Array.from({ length: count }, (_, i) => outputRow({ n, i: from + i }, n, from + i));

/** As a publisher gives them: part by part. */
const publish = async (writer: S3SinkWriter, all: readonly OutputRow[], parts = Number.POSITIVE_INFINITY) => {
  let from = 0;
  for (let part = 0; part < parts && from < all.length; part++) {
    const to = from + writer.cut(all.slice(from));
    await writer.write(all.slice(from, to));
    from = to;
  }
  return all.slice(from);
};

describe('objects', () => {
  it('are named by unit, commit and first row, so that names sort as commits do', async () => {
    const { store, writer } = open();
    await publish(writer, rows(9, 3, 5));
    await publish(writer, rows(10, 1));
    expect(store.keys()).toEqual([
      `${folder}/000000000000009-0000000005.jsonl.gz`,
      `${folder}/000000000000009-0000000007.jsonl.gz`,
      `${folder}/000000000000010-0000000000.jsonl.gz`,
    ]);
    expect([...store.keys()].sort()).toEqual(store.keys());
    expect(store.keys().map((key) => store.lines(key))).toEqual([
      [
        { n: 9, i: 5 },
        { n: 9, i: 6 },
      ],
      [{ n: 9, i: 7 }],
      [{ n: 10, i: 0 }],
    ]);
  });

  it('are the same whoever publishes a commit, from its beginning or from where a deadline left it', async () => {
    const { store, writer } = open();
    const zombie = open(store).writer;
    const all = rows(4, 7);
    const rest = await publish(zombie, all, 1);
    const later = await publish(writer, rest, 2);
    await publish(zombie, all);
    await publish(writer, later);
    await publish(writer, all);
    expect(store.keys().flatMap((key) => store.lines(key))).toEqual(all.map(({ value }) => value));
    expect(store.keys()).toHaveLength(4);
  });

  it('end where their bytes are enough', async () => {
    const { store, writer } = open(undefined, { rows: 100, bytes: 1_000 });
    await publish(
      writer,
      Array.from({ length: 5 }, (_, i) => outputRow('x'.repeat(i === 2 ? 2_000 : 400), 1, i)),
    );
    expect(store.keys().map((key) => store.lines(key).length)).toEqual([2, 1, 2]);
  });

  it('never hold rows of two commits', async () => {
    const { store, writer } = open();
    await writer.write([...rows(1, 1), ...rows(2, 1)]);
    expect(store.keys()).toHaveLength(2);
  });

  it('block by one of their name that says something else', async () => {
    const { store, writer } = open();
    await writer.write([outputRow({ job: 'before' }, 1, 0)]);
    const refused = { code: 'SINK_OBJECT_CONFLICT', kind: 'operator', fix: expect.stringContaining('prefix') };
    await expect(writer.write([outputRow({ job: 'anew' }, 1, 0)])).rejects.toMatchObject(refused);
    expect(store.keys().flatMap((key) => store.lines(key))).toEqual([{ job: 'before' }]);
  });

  it('are counted where nothing may be sent twice and one cannot be written', async () => {
    const store = new MemoryObjectStore();
    store.create = async () => Promise.reject(new Error('down'));
    let unsent = 0;
    await open(store).writer.write(rows(1, 3), { remainingMs: 1, onUnsent: (count) => (unsent += count) });
    expect(unsent).toBe(3);
  });
});
