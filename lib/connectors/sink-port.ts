/** The port that sinks are written through. A writer is given rows of committed outboxes only, possibly more than once. */

/** Orders the writes to one row: incarnation, then commit number, then index in the commit. */
export interface OutputVersion {
  readonly incarnation: number;
  /** The commit's number in its log. */
  readonly n: number;
  readonly index: number;
}

export interface OutputRow {
  /** The value, encoded by the sink's schema: plain JSON. */
  readonly value: unknown;
  readonly version: OutputVersion;
  /** The logical partition that computed the row; −1 from a stage without keys. */
  readonly lp: number;
  /** Unique to this output, the same at every republish: `unit/n/index`. */
  readonly outputId: string;
  /** Event time of the row. */
  readonly eventTimeMs: number;
  /** For sinks that are streams: chosen when the row was computed, and so the same at every republish. */
  readonly partitionKey?: string | undefined;
}

/**
 * `write` resolves when every row is acknowledged or was fenced off as older than what is there. Rows come in
 * version order. It throws `SINK_UNAVAILABLE` (retryable: all rows will be offered again),
 * `SINK_ROW_OF_ANOTHER_PARTITION` (operator), `TABLE_NOT_FOUND`, `STREAM_NOT_FOUND` or `ACCESS_DENIED` (configuration).
 */
export interface SinkWriter {
  write(rows: readonly OutputRow[]): Promise<void>;
}

/** A version as 16 bytes whose binary order is the version's order: incarnation (4), n (6), index (6), big-endian. */
export const encodeVersion = (version: OutputVersion): Uint8Array => {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, version.incarnation);
  view.setUint16(4, Math.floor(version.n / 2 ** 32));
  view.setUint32(6, version.n >>> 0);
  view.setUint16(10, Math.floor(version.index / 2 ** 32));
  view.setUint32(12, version.index >>> 0);
  return bytes;
};
