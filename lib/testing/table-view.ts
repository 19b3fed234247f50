import type { MemoryTableSink } from '../memory/memory-table-sink.ts';

type Row = Readonly<Record<string, unknown>>;

/** A table's rows in the order of their keys: which key came first depends on hashes, and tests should not. */
export class TableView {
  readonly writer: MemoryTableSink;
  readonly #key: readonly string[];

  constructor(writer: MemoryTableSink, key: readonly string[]) {
    this.writer = writer;
    this.#key = key;
  }

  rows(): readonly Row[] {
    return [...this.writer.rows()].sort((a, b) => {
      for (const field of this.#key) {
        const order = compareFields(a[field], b[field]);
        if (order !== 0) return order;
      }
      return 0;
    });
  }
}

/** Key fields are strings or numbers; numbers come first. */
const compareFields = (a: unknown, b: unknown): number => {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return (a as string) < (b as string) ? -1 : a === b ? 0 : 1;
};
