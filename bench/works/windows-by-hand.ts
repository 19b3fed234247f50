/** Counts by window and key, as one writes them by hand. */
export class WindowCounts {
  readonly #windows = new Map<number, Map<number, number>>();

  add(startMs: number, key: number): void {
    let counts = this.#windows.get(startMs);
    if (counts === undefined) {
      counts = new Map();
      this.#windows.set(startMs, counts);
    }
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }

  /** Rows of key, start and count. */
  rows(): readonly (readonly number[])[] {
    return [...this.#windows].flatMap(([startMs, counts]) => [...counts].map(([key, count]) => [key, startMs, count]));
  }
}
