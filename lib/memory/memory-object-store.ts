import { gunzipSync } from 'node:zlib';
import type { NewObject, ObjectStore } from '../connectors/s3/object-store.ts';

/**
 * A bucket in memory. It creates an object only where there is none of its name, as S3 does under `If-None-Match: *`.
 *
 * @example
 * const store = new MemoryObjectStore();
 * await store.create({ key: 'a.jsonl', body, contentType: 'application/x-ndjson', sha });
 * store.lines('a.jsonl');
 */
export class MemoryObjectStore implements ObjectStore {
  readonly #objects = new Map<string, NewObject>();

  async create(object: NewObject): Promise<'created' | 'exists'> {
    if (this.#objects.has(object.key)) return 'exists';
    this.#objects.set(object.key, { ...object, body: Uint8Array.from(object.body) });
    return 'created';
  }

  async shaOf(key: string): Promise<string | undefined> {
    return this.#objects.get(key)?.sha;
  }

  /** In the order in which they were created. */
  keys(): readonly string[] {
    return [...this.#objects.keys()];
  }

  get(key: string): NewObject | undefined {
    return this.#objects.get(key);
  }

  /** The values of an object's lines. */
  lines(key: string): readonly unknown[] {
    const { body } = this.#objects.get(key) as NewObject;
    const text = key.endsWith('.gz') ? gunzipSync(body).toString() : Buffer.from(body).toString();
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }
}
