import { keyOf, type Row } from '../../connectors/row-fence.ts';
import { encodeVersion, type OutputRow } from '../../connectors/sink-port.ts';
import type { Pipeline } from '../../graph/pipeline.ts';

interface Newest {
  readonly version: Uint8Array;
  readonly value: string;
}

/** The newest version of each row that was ever written to a table: what the table has to show in the end. */
export class TableWatch {
  /** Table and key fields by sink. */
  readonly #sinks = new Map<string, { readonly table: string; readonly key: readonly string[] }>();
  readonly #newest = new Map<string, Map<string, Newest>>();

  constructor(pipeline: Pipeline) {
    for (const node of pipeline.graph.nodes.values()) {
      if (node.kind === 'sink' && node.spec.kind === 'dynamo')
        this.#sinks.set(node.id, { table: node.spec.table, key: node.spec.key });
    }
  }

  onWrite(sink: string, rows: readonly OutputRow[]): void {
    const found = this.#sinks.get(sink);
    if (found === undefined) return;
    const newest = this.#newest.get(found.table) ?? new Map<string, Newest>();
    this.#newest.set(found.table, newest);
    for (const row of rows) {
      const key = keyOf(row.value as Row, found.key);
      const version = encodeVersion(row.version);
      const before = newest.get(key);
      if (before === undefined || Buffer.compare(before.version, version) < 0)
        newest.set(key, { version, value: JSON.stringify(row.value) });
    }
  }

  /** @returns what of the table's rows is not the newest that was written */
  compare(sink: string, rows: readonly unknown[]): string[] {
    const found = this.#sinks.get(sink);
    if (found === undefined) return [];
    const newest = this.#newest.get(found.table) ?? new Map<string, Newest>();
    const shown = new Map(rows.map((row) => [keyOf(row as Row, found.key), JSON.stringify(row)]));
    return [...newest].flatMap(([key, { value }]) =>
      shown.get(key) === value
        ? []
        : [`table ${found.table}: ${shown.get(key)} is shown where ${value} was written last`],
    );
  }
}
