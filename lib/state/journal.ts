/**
 * An undo log over maps and arrays, so that a record that throws leaves no trace. Writes go through it; `rollback`
 * takes back what came after the last `begin`. Flat entries instead of closures: it is on the hot path.
 */
export class Journal {
  readonly #entries: unknown[] = [];

  /** Forgets what can be undone: the point that `rollback` returns to. */
  begin(): void {
    this.#entries.length = 0;
  }

  set<K, V>(map: Map<K, V>, key: K, value: V): void {
    this.#entries.push(map, key, map.has(key) ? map.get(key) : ABSENT);
    map.set(key, value);
  }

  push<T>(array: T[], item: T): void {
    this.#entries.push(array, array.length, ABSENT);
    array.push(item);
  }

  rollback(): void {
    const entries = this.#entries;
    for (let i = entries.length - 3; i >= 0; i -= 3) {
      const target = entries[i];
      if (Array.isArray(target)) target.length = entries[i + 1] as number;
      else if (entries[i + 2] === ABSENT) (target as Map<unknown, unknown>).delete(entries[i + 1]);
      else (target as Map<unknown, unknown>).set(entries[i + 1], entries[i + 2]);
    }
    entries.length = 0;
  }
}

const ABSENT = Symbol('absent');
