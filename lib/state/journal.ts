/**
 * An undo log over maps and arrays, so that a record that throws leaves no trace. Writes go through it; `rollback`
 * takes back what came after the last `begin`. Flat entries instead of closures: it is on the hot path.
 */
export class Journal {
  /** Three for each write: where, at which key, what was there. They are overwritten: to empty the array would free its memory. */
  readonly #entries: unknown[] = [];
  #size = 0;

  /** Forgets what can be undone: the point that `rollback` returns to. */
  begin(): void {
    this.#size = 0;
  }

  set<K, V>(map: Map<K, V>, key: K, value: V): void {
    const before = map.get(key);
    this.#add(map, key, before === undefined && !map.has(key) ? ABSENT : before);
    map.set(key, value);
  }

  /** As `set`, by whoever has looked already. @param before what is there; `undefined` where nothing is */
  replace<K, V extends object>(map: Map<K, V>, key: K, before: V | undefined, value: V): void {
    this.#add(map, key, before ?? ABSENT);
    map.set(key, value);
  }

  push<T>(array: T[], item: T): void {
    this.#add(array, array.length, ABSENT);
    array.push(item);
  }

  /** A field of an object, or a place of an array, that is there already. */
  assign<T extends object, K extends keyof T>(target: T, key: K, value: T[K]): void {
    this.#add(target, key, target[key]);
    target[key] = value;
  }

  rollback(): void {
    const entries = this.#entries;
    for (let i = this.#size - 3; i >= 0; i -= 3) undo(entries[i] as object, entries[i + 1], entries[i + 2]);
    this.#size = 0;
  }

  #add(target: object, key: unknown, before: unknown): void {
    const entries = this.#entries;
    const at = this.#size;
    entries[at] = target;
    entries[at + 1] = key;
    entries[at + 2] = before;
    this.#size = at + 3;
  }
}

const undo = (target: object, key: unknown, before: unknown): void => {
  if (target instanceof Map) {
    if (before === ABSENT) target.delete(key);
    else target.set(key, before);
  } else if (before === ABSENT) (target as unknown[]).length = key as number;
  else (target as Record<string, unknown>)[key as string] = before;
};

const ABSENT = Symbol('absent');
