/** An entry that is due at an event time. Stale ones (the entry has changed since) are recognised by whoever looks at them. */
export interface Timer {
  readonly timeMs: number;
  readonly lp: number;
  readonly table: number;
  readonly key: string;
}

/** A binary min-heap by time. */
export class TimeHeap<T extends { readonly timeMs: number }> {
  readonly #heap: T[] = [];

  get size(): number {
    return this.#heap.length;
  }

  peek(): T | undefined {
    return this.#heap[0];
  }

  push(item: T): void {
    const heap = this.#heap;
    let at = heap.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((heap[parent] as T).timeMs <= item.timeMs) break;
      heap[at] = heap[parent] as T;
      at = parent;
    }
    heap[at] = item;
  }

  pop(): T | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as T).timeMs < (heap[child] as T).timeMs) child++;
      if ((heap[child] as T).timeMs >= last.timeMs) break;
      heap[at] = heap[child] as T;
      at = child;
    }
    heap[at] = last;
    return top;
  }

  /** Items up to an instant, in the order of time. They stay in the heap, which must not change meanwhile. */
  *until(timeMs: number): Generator<T> {
    const heap = this.#heap;
    // The next one is a child of one that was seen: only those wait here, and not all that the heap holds.
    const next = new TimeHeap<{ timeMs: number; at: number }>();
    const see = (at: number) => {
      const item = heap[at];
      if (item !== undefined && item.timeMs <= timeMs) next.push({ timeMs: item.timeMs, at });
    };
    see(0);
    for (let found = next.pop(); found !== undefined; found = next.pop()) {
      yield heap[found.at] as T;
      see(2 * found.at + 1);
      see(2 * found.at + 2);
    }
  }

  clear(): void {
    this.#heap.length = 0;
  }
}
