import type { OutputRow, SinkWriter } from '../connectors/sink-port.ts';

/**
 * An append-only sink in memory that takes each output once: a row that is offered again is dropped by its id.
 *
 * @example
 * const sink = new MemoryAppendSink();
 * await sink.write(rows);
 * sink.values();
 */
export class MemoryAppendSink implements SinkWriter {
  readonly #rows = new Map<string, OutputRow>();

  async write(rows: readonly OutputRow[]): Promise<void> {
    for (const row of rows) {
      if (!this.#rows.has(row.outputId)) this.#rows.set(row.outputId, { ...row, value: structuredClone(row.value) });
    }
  }

  /** The rows in the order in which they first came. */
  rows(): readonly OutputRow[] {
    return [...this.#rows.values()];
  }

  /** Their values. Copies. */
  values(): readonly unknown[] {
    return this.rows().map((row) => structuredClone(row.value));
  }
}
