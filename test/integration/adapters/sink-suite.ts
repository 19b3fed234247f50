import { describe, expect, it } from 'vitest';
import type { OutputRow, SinkWriter } from '../../../lib/connectors/sink-port.ts';

export interface TableSinkBackend {
  /** A writer to a new, empty table, and what the table holds, without stamps, in any order. */
  makeTable(keyFields: readonly { name: string; type: 'string' | 'number' }[]): Promise<{
    readonly writer: SinkWriter;
    rows(): Promise<readonly unknown[]>;
  }>;
}

export interface AppendSinkBackend {
  makeSink(): Promise<{
    readonly writer: SinkWriter;
    /** What a reader gets who drops what it has seen by its id. */
    values(): Promise<readonly unknown[]>;
  }>;
}

const row = (value: unknown, n: number, index = 0, lp = 3, incarnation = 1): OutputRow => ({
  value,
  version: { incarnation, n, index },
  lp,
  unit: `unit/${incarnation}`,
  outputId: `unit/${incarnation}/${n}/${index}`,
  eventTimeMs: 0,
});

/** Stores return fields in an order of their own. */
const sortable = (value: unknown): string => JSON.stringify(Object.entries(value as object).sort());
const byJson = (a: unknown, b: unknown): number => (sortable(a) < sortable(b) ? -1 : 1);
const keys = [
  { name: 'province', type: 'string' },
  { name: 'minute', type: 'number' },
] as const;

/** What every upserting sink does. */
export const describeTableSink = (name: string, backend: () => TableSinkBackend): void => {
  const make = () => backend().makeTable(keys);
  const total = (amount: number, minute = 0, province = 'ZJ') => ({ province, minute, amount });

  describe(`${name}: table sink`, () => {
    it('upserts rows by their key', async () => {
      const { writer, rows } = await make();
      await writer.write([row(total(1), 1, 0), row(total(2, 60), 1, 1), row(total(3, 0, 'BJ'), 1, 2)]);
      await writer.write([row(total(10), 2)]);
      expect([...(await rows())].sort(byJson)).toEqual([total(2, 60), total(3, 0, 'BJ'), total(10)].sort(byJson));
    });

    it('keeps the newer row when an older version comes late', async () => {
      const { writer, rows } = await make();
      await writer.write([row(total(20), 20)]);
      await writer.write([row(total(3), 3)]);
      await writer.write([row(total(19), 19, 999)]);
      expect(await rows()).toEqual([total(20)]);
    });

    it('orders versions by incarnation, then number, then index', async () => {
      const { writer, rows } = await make();
      const ascending = [row(total(1), 255), row(total(2), 256), row(total(3), 256, 1), row(total(4), 2 ** 33)];
      ascending.push(row(total(5), 1, 0, 3, 2));
      for (const version of ascending) {
        await writer.write([version]);
        expect(await rows()).toEqual([version.value]);
      }
      for (const version of ascending) await writer.write([version]);
      expect(await rows()).toEqual([total(5)]);
    });

    it('changes nothing when the same rows are offered again', async () => {
      const { writer, rows } = await make();
      const batch = [row(total(1), 5, 0), row(total(2, 60), 5, 1)];
      await writer.write(batch);
      await writer.write(batch);
      expect([...(await rows())].sort(byJson)).toEqual([total(1), total(2, 60)].sort(byJson));
    });

    it('ends with the last of several versions of a row in one call', async () => {
      const { writer, rows } = await make();
      await writer.write(Array.from({ length: 40 }, (_, i) => row(total(i), 7, i)));
      expect(await rows()).toEqual([total(39)]);
    });

    it('refuses the row of another partition', async () => {
      const { writer, rows } = await make();
      await writer.write([row(total(1), 1, 0, 3)]);
      const refused = { code: 'SINK_ROW_OF_ANOTHER_PARTITION', kind: 'operator', fix: expect.any(String) };
      await expect(writer.write([row(total(2), 9, 0, 4)])).rejects.toMatchObject(refused);
      await expect(writer.write([row(total(2), 0, 0, 4)])).rejects.toMatchObject(refused);
      const both = [row(total(1, 5), 9, 0, 3), row(total(1, 5), 9, 1, 4)];
      await expect(writer.write(both)).rejects.toMatchObject(refused);
      expect(await rows()).toEqual([total(1)]);
    });

    it('refuses a field with the name of a stamp', async () => {
      const { writer } = await make();
      const value = { ...total(1), _v: 1 };
      await expect(writer.write([row(value, 1)])).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    });

    it('keeps every kind of JSON value', async () => {
      const { writer, rows } = await make();
      const value = {
        ...total(-1.25),
        flag: true,
        nothing: null,
        empty: '',
        list: [1, 'two', [false], {}],
        nested: { deep: { n: 9_007_199_254_740_991 } },
      };
      await writer.write([row(value, 1)]);
      expect(await rows()).toEqual([value]);
    });

    it('writes more rows than go at once', async () => {
      const { writer, rows } = await make();
      await writer.write(Array.from({ length: 100 }, (_, i) => row(total(i, i), 1, i)));
      expect(await rows()).toHaveLength(100);
    });
  });
};

/** What every appending sink does. */
export const describeAppendSink = (name: string, backend: () => AppendSinkBackend): void => {
  describe(`${name}: append sink`, () => {
    it('appends rows in their order', async () => {
      const { writer, values } = await backend().makeSink();
      const all = Array.from({ length: 30 }, (_, i) => ({ i }));
      await writer.write(all.slice(0, 20).map((value, i) => row(value, 1, i)));
      await writer.write(all.slice(20).map((value, i) => row(value, 2, i)));
      expect(await values()).toEqual(all);
    });

    it('lets a reader tell rows that are offered again', async () => {
      const { writer, values } = await backend().makeSink();
      const batch = [row({ a: 1 }, 1, 0), row({ a: 1 }, 1, 1)];
      await writer.write(batch);
      await writer.write(batch);
      expect(await values()).toEqual([{ a: 1 }, { a: 1 }]);
    });
  });
};
