import type { Item, ItemStore, QueryRange } from './item-store.ts';

/** The items of a range, a page at a time. A page is used up before the next is asked for. */
export async function* pagesOf(items: ItemStore, range: QueryRange): AsyncGenerator<readonly Item[], void> {
  let { from } = range;
  for (let more = true; more; ) {
    const page = await items.query({ ...range, from });
    yield page.items;
    const last = page.items.at(-1);
    more = page.more && last !== undefined;
    if (last !== undefined) from = `${last.sk} `;
  }
}
