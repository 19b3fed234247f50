import {
  compareVersions,
  defaultStampNames,
  keyOf,
  lastVersions,
  type Row,
  rowOfAnotherPartition,
} from '../connectors/row-fence.ts';
import type { OutputRow, SinkWriter } from '../connectors/sink-port.ts';
import { sortedRows } from './sorted-rows.ts';

/**
 * A table of rows in memory, with the fence of the DynamoDB sink: an older version never replaces a newer one.
 *
 * @example
 * const table = new MemoryTableSink('revenue', ['province', 'minute']);
 * await table.write(rows);
 * table.rows();
 */
export class MemoryTableSink implements SinkWriter {
  readonly #name: string;
  readonly #keyFields: readonly string[];
  readonly #rows = new Map<string, OutputRow>();

  constructor(name: string, keyFields: readonly string[]) {
    this.#name = name;
    this.#keyFields = keyFields;
  }

  async write(rows: readonly OutputRow[]): Promise<void> {
    const sink = `table ${this.#name}`;
    for (const row of lastVersions(sink, rows, this.#keyFields, defaultStampNames)) {
      const key = keyOf(row.value as Row, this.#keyFields);
      const existing = this.#rows.get(key);
      if (existing !== undefined && existing.lp !== row.lp) throw rowOfAnotherPartition(sink, key, row.lp, existing.lp);
      if (existing === undefined || compareVersions(existing.version, row.version) < 0) {
        this.#rows.set(key, { ...row, value: structuredClone(row.value) });
      }
    }
  }

  /** The rows as they are now, in the order of their keys: which came first depends on hashes. Copies. */
  rows(): readonly Row[] {
    const rows = [...this.#rows.values()].map((row) => structuredClone(row.value) as Row);
    return sortedRows(rows, this.#keyFields);
  }
}
