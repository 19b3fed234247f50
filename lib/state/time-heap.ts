/** A binary min-heap by time. Times and items are in an array each: an item that is a text takes two words, and no object of its own. */
export class TimeHeap<T> {
  readonly #times: number[] = [];
  readonly #items: T[] = [];

  get size(): number {
    return this.#times.length;
  }

  /** The least time; `undefined` where there is none. */
  get firstMs(): number | undefined {
    return this.#times[0];
  }

  /** An item of the least time. */
  get first(): T | undefined {
    return this.#items[0];
  }

  push(timeMs: number, item: T): void {
    const times = this.#times;
    const items = this.#items;
    let at = times.push(timeMs) - 1;
    items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((times[parent] as number) <= timeMs) break;
      times[at] = times[parent] as number;
      items[at] = items[parent] as T;
      at = parent;
    }
    times[at] = timeMs;
    items[at] = item;
  }

  pop(): T | undefined {
    const times = this.#times;
    const items = this.#items;
    const first = items[0];
    const lastMs = times.pop();
    const last = items.pop() as T;
    if (lastMs === undefined || times.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= times.length) break;
      if (child + 1 < times.length && (times[child + 1] as number) < (times[child] as number)) child++;
      if ((times[child] as number) >= lastMs) break;
      times[at] = times[child] as number;
      items[at] = items[child] as T;
      at = child;
    }
    times[at] = lastMs;
    items[at] = last;
    return first;
  }

  /** Items up to an instant, in the order of time. They stay in the heap, which must not change meanwhile. */
  *until(timeMs: number): Generator<[timeMs: number, item: T]> {
    const times = this.#times;
    // The next one is a child of one that was seen: only those wait here, and not all that the heap holds.
    const next = new TimeHeap<number>();
    const see = (at: number) => {
      const atMs = times[at];
      if (atMs !== undefined && atMs <= timeMs) next.push(atMs, at);
    };
    see(0);
    for (let at = next.pop(); at !== undefined; at = next.pop()) {
      yield [times[at] as number, this.#items[at] as T];
      see(2 * at + 1);
      see(2 * at + 2);
    }
  }
}
