import { describe, expect, it } from 'vitest';
import type { Item, ItemStore, StoreObserver, StoreRequest } from '../../../lib/state/item-store.ts';
import { uniqueName } from './unique-name.ts';

export interface ItemStoreBackend {
  /** A store whose items no other test names: each test uses partition keys of its own. */
  makeStore(observer?: StoreObserver): ItemStore;
}

const text = (length: number): string => 'x'.repeat(length);

const bytesOf = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 17 + (i >> 8)) & 255);

const numbered = (pk: string, count: number): { pk: string; sk: string; n: number }[] =>
  Array.from({ length: count }, (_, i) => ({ pk, sk: `k#${String(i).padStart(5, '0')}`, n: i }));

/** What every item store does, whatever is behind it. */
export const describeItemStore = (name: string, backend: () => ItemStoreBackend): void => {
  const store = (observer?: StoreObserver) => backend().makeStore(observer);

  describe(`${name}: conditional puts`, () => {
    it('puts an absent item once', async () => {
      const items = store();
      const pk = uniqueName('pk');
      expect(await items.put({ pk, sk: 'S', n: 1 }, { kind: 'absent' })).toEqual({
        applied: true,
        replaced: undefined,
      });
      expect(await items.put({ pk, sk: 'S', n: 2 }, { kind: 'absent' })).toEqual({
        applied: false,
        existing: { pk, sk: 'S', n: 1 },
      });
      expect(await items.get({ pk, sk: 'S' })).toEqual({ pk, sk: 'S', n: 1 });
    });

    it('replaces an item whose attribute equals, and returns what it replaced', async () => {
      const items = store();
      const pk = uniqueName('pk');
      await items.put({ pk, sk: 'L', n: 1, a: 'old' }, { kind: 'none' });
      const result = await items.put({ pk, sk: 'L', n: 129 }, { kind: 'equals', attribute: 'n', value: 1 });
      expect(result).toEqual({ applied: true, replaced: { pk, sk: 'L', n: 1, a: 'old' } });
      expect(await items.get({ pk, sk: 'L' })).toEqual({ pk, sk: 'L', n: 129 });
    });

    it('refuses when the attribute differs, and returns what is there', async () => {
      const items = store();
      const pk = uniqueName('pk');
      await items.put({ pk, sk: 'L', n: 1, status: 'READY' }, { kind: 'none' });
      const existing = { pk, sk: 'L', n: 1, status: 'READY' };
      const refusals = [
        { attribute: 'n', value: 2 },
        { attribute: 'n', value: '1' },
        { attribute: 'status', value: 'CREATING' },
        { attribute: 'missing', value: 1 },
      ];
      for (const refusal of refusals) {
        const result = await items.put({ pk, sk: 'L', n: 9 }, { kind: 'equals', ...refusal });
        expect(result, JSON.stringify(refusal)).toEqual({ applied: false, existing });
      }
      expect(await items.get({ pk, sk: 'L' })).toEqual(existing);
    });

    it('refuses a missing item', async () => {
      const items = store();
      const pk = uniqueName('pk');
      const result = await items.put({ pk, sk: 'L', n: 1 }, { kind: 'equals', attribute: 'n', value: 0 });
      expect(result).toEqual({ applied: false, existing: undefined });
      expect(await items.get({ pk, sk: 'L' })).toBeUndefined();
    });

    it('lets one of 32 concurrent writers win', async () => {
      const items = store();
      const pk = uniqueName('pk');
      await items.put({ pk, sk: 'L', n: 0 }, { kind: 'none' });
      const attempts = await Promise.all(
        Array.from({ length: 32 }, (_, i) =>
          items.put({ pk, sk: 'L', n: 128, attempt: `a${i}` }, { kind: 'equals', attribute: 'n', value: 0 }),
        ),
      );
      const winners = attempts.flatMap((result, i) => (result.applied ? [`a${i}`] : []));
      expect(winners).toHaveLength(1);
      const [winner] = winners;
      for (const result of attempts) {
        if (!result.applied) expect(result.existing).toEqual({ pk, sk: 'L', n: 128, attempt: winner });
      }
      expect(await items.get({ pk, sk: 'L' })).toMatchObject({ attempt: winner });
    });
  });

  describe(`${name}: items`, () => {
    it('reads what was just written, every time', async () => {
      const items = store();
      const pk = uniqueName('pk');
      for (let n = 0; n < 40; n++) {
        await items.put({ pk, sk: 'S', n }, { kind: 'none' });
        expect(await items.get({ pk, sk: 'S' })).toEqual({ pk, sk: 'S', n });
      }
    });

    it('keeps text, numbers and bytes as they are', async () => {
      const items = store();
      const item = {
        pk: uniqueName('pk'),
        sk: 'ключ/鍵/🔑',
        text: 'žluťoučký kůň 🐎 "\\\n',
        empty: '',
        zero: 0,
        negative: -1.5,
        large: Number.MAX_SAFE_INTEGER,
        small: 1e-7,
        bytes: bytesOf(256, 1),
      };
      await items.put(item, { kind: 'none' });
      const read = await items.get(item);
      expect({ ...read, bytes: Array.from(read?.bytes as Uint8Array) }).toEqual({
        ...item,
        bytes: Array.from(item.bytes),
      });
    });

    it('shares no item object with its callers', async () => {
      const items = store();
      const mine = { pk: uniqueName('pk'), sk: 'S', n: 1 };
      await items.put(mine, { kind: 'none' });
      mine.n = 2;
      const read = (await items.get(mine)) as unknown as { n: number };
      expect(read.n).toBe(1);
      read.n = 3;
      expect(await items.get(mine)).toMatchObject({ n: 1 });
    });

    it('holds items of 300 KB', async () => {
      const items = store();
      const item = { pk: uniqueName('pk'), sk: 'B', data: bytesOf(300 * 1024, 7) };
      await items.put(item, { kind: 'absent' });
      const read = await items.get(item);
      expect(Buffer.compare(read?.data as Uint8Array, item.data)).toBe(0);
    });

    it('refuses items of more than 400 KB', async () => {
      const items = store();
      const item = { pk: uniqueName('pk'), sk: 'B', data: bytesOf(400 * 1024, 7) };
      await expect(items.put(item, { kind: 'none' })).rejects.toMatchObject({ code: 'ITEM_TOO_LARGE' });
      expect(await items.get(item)).toBeUndefined();
    });
  });

  describe(`${name}: ranges`, () => {
    it('returns a range ascending, both bounds included', async () => {
      const items = store();
      const pk = uniqueName('pk');
      const all = numbered(pk, 12);
      await items.putMany([...all].reverse());
      await items.put({ pk: `${pk}x`, sk: 'k#00003', n: -1 }, { kind: 'none' });
      const page = await items.query({ pk, from: 'k#00002', to: 'k#00009' });
      expect(page).toEqual({ items: all.slice(2, 10), more: false });
      expect(await items.query({ pk, from: '', to: 'k#00001' })).toEqual({ items: all.slice(0, 2), more: false });
      expect(await items.query({ pk, from: 'x', to: 'z' })).toEqual({ items: [], more: false });
      expect(await items.query({ pk, from: 'k#00009', to: 'k#00002' })).toEqual({ items: [], more: false });
    });

    it('orders sort keys by their UTF-8 bytes', async () => {
      const items = store();
      const pk = uniqueName('pk');
      const keys = ['!', 'A', 'a', 'é', '中', '\uff5e', '🐎'];
      await items.putMany(keys.map((sk) => ({ pk, sk })).reverse());
      const page = await items.query({ pk, from: '!', to: '\u{10ffff}' });
      expect(page.items.map((item) => item.sk)).toEqual(keys);
    });

    it('stops at the limit and says that more may follow', async () => {
      const items = store();
      const pk = uniqueName('pk');
      const all = numbered(pk, 7);
      await items.putMany(all);
      const page = await items.query({ pk, from: 'k', to: 'l', limit: 3 });
      expect(page).toEqual({ items: all.slice(0, 3), more: true });
    });

    it('leaves out all but the keys where nothing else is wanted', async () => {
      const items = store();
      const pk = uniqueName('pk');
      const all = numbered(pk, 3);
      await items.putMany(all);
      const page = await items.query({ pk, from: 'k', to: 'l', keysOnly: true });
      expect(page.items).toEqual(all.map(({ sk }) => ({ pk, sk })));
    });

    it('cuts pages at 1 MB and loses nothing between them', async () => {
      const items = store();
      const pk = uniqueName('pk');
      // A page ends before or after the item that passes the megabyte, as the engine likes.
      const all = numbered(pk, 16).map((item) => ({ ...item, data: text(200 * 1024) }));
      await items.putMany(all);
      const seen: unknown[] = [];
      let pages = 0;
      let from = 'k';
      for (let more = true; more; pages++) {
        const page = await items.query({ pk, from, to: 'l' });
        seen.push(...page.items.map((item) => item.n));
        from = `${page.items.at(-1)?.sk ?? from}\u0001`;
        more = page.more;
      }
      expect(seen).toEqual(all.map((item) => item.n));
      expect(pages).toBeGreaterThanOrEqual(3);
    });
  });

  describe(`${name}: many items`, () => {
    it('gets more than 100 keys in their order, with gaps and repeats', async () => {
      const items = store();
      const pk = uniqueName('pk');
      const all = numbered(pk, 230);
      await items.putMany(all.filter((_, i) => i % 3 !== 0));
      const keys = [...all, all[1] as Item, all[0] as Item];
      const found = await items.getMany(keys.map(({ pk, sk }) => ({ pk, sk })));
      expect(found).toEqual(keys.map((item) => (Number(item.n) % 3 === 0 ? undefined : item)));
      expect(await items.getMany([])).toEqual([]);
    });

    it('gets more than a batch may return at once', async () => {
      const items = store();
      const pk = uniqueName('pk');
      const all = numbered(pk, 60).map((item) => ({ ...item, data: text(300 * 1024) }));
      await items.putMany(all);
      const found = await items.getMany(all);
      expect(found.map((item) => [item?.n, String(item?.data).length])).toEqual(
        all.map((item) => [item.n, item.data.length]),
      );
    }, 40_000);

    it('puts and deletes more than 25 at once', async () => {
      const items = store();
      const pk = uniqueName('pk');
      const all = numbered(pk, 83);
      await items.putMany([...all, { ...(all[0] as Item), n: 1_000 }]);
      const page = await items.query({ pk, from: 'k', to: 'l' });
      expect(page.items.map((item) => item.n)).toEqual([1_000, ...all.slice(1).map((item) => item.n)]);
      await items.deleteMany([...all.slice(1), all[1] as Item, { pk, sk: 'was never there' }]);
      expect((await items.query({ pk, from: '', to: 'z' })).items.map((item) => item.sk)).toEqual(['k#00000']);
      await items.putMany([]);
      await items.deleteMany([]);
    });
  });

  describe(`${name}: bills`, () => {
    it('tells the observer the units of each request', async () => {
      const requests: StoreRequest[] = [];
      const items = store((request) => requests.push(request));
      const pk = uniqueName('pk');
      const big = { pk, sk: 'big', n: 1, data: text(6_000) };
      await items.put(big, { kind: 'absent' });
      await items.put({ pk, sk: 'big', n: 2 }, { kind: 'equals', attribute: 'n', value: 1 });
      await items.put(big, { kind: 'none' });
      await items.get(big);
      await items.get({ pk, sk: 'nothing' });
      await items.query({ pk, from: 'a', to: 'z' });
      const units = requests.map(({ operation, readUnits, writeUnits }) => [operation, readUnits, writeUnits]);
      expect(units).toEqual([
        ['put', 0, 6],
        ['put', 0, 6],
        ['put', 0, 6],
        ['get', 2, 0],
        ['get', 1, 0],
        ['query', 2, 0],
      ]);
      expect(requests.every((request) => request.pk === pk)).toBe(true);
    });

    it('bills a failed condition by what is there', async () => {
      const requests: StoreRequest[] = [];
      const items = store((request) => requests.push(request));
      const pk = uniqueName('pk');
      await items.put({ pk, sk: 'S', data: text(3_000) }, { kind: 'absent' });
      await items.put({ pk, sk: 'S' }, { kind: 'absent' });
      await items.put({ pk, sk: 'T' }, { kind: 'equals', attribute: 'n', value: 1 });
      const puts = requests.filter((request) => request.operation === 'put');
      expect(puts.map((request) => request.writeUnits)).toEqual([3, 3, 1]);
    });
  });
};
