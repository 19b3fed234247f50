/** The port that sinks are written through. Unless the delivery mode says otherwise, a writer is given rows of committed outboxes only, possibly more than once. */

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
  /** The log that the row's commit is in. */
  readonly unit: string;
  readonly version: OutputVersion;
  /** The logical partition that computed the row; −1 from a stage without keys. */
  readonly lp: number;
  /** Unique to this output, the same at every republish: see {@link outputIdOf}. */
  readonly outputId: string;
  /** Event time of the row. */
  readonly eventTimeMs: number;
  /** For sinks that are streams or queues: chosen when the row was computed, and so the same at every republish. */
  readonly partitionKey?: string | undefined;
}

/** What a writer may know of the invocation that it writes for. */
export interface WriteContext {
  /** What is left of the invocation's time, ms: no wait may be longer. */
  readonly remainingMs: number;
  /**
   * Given where nothing may be sent twice: each row is then sent one time at most, and how many were refused, or may
   * have been, is told here and not thrown.
   */
  readonly onUnsent?: ((count: number, cause: unknown) => void) | undefined;
}

/**
 * `write` resolves when every row is acknowledged or was fenced off as older than what is there. Rows come in
 * version order. It throws `SINK_UNAVAILABLE` (retryable: all rows will be offered again),
 * `SINK_ROW_OF_ANOTHER_PARTITION`, `SINK_REFUSED`, `SINK_OBJECT_CONFLICT` (operator), `TABLE_NOT_FOUND`,
 * `STREAM_NOT_FOUND`, `QUEUE_NOT_FOUND`, `BUCKET_NOT_FOUND` or `ACCESS_DENIED` (configuration).
 */
export interface SinkWriter {
  write(rows: readonly OutputRow[], context?: WriteContext): Promise<void>;
  /**
   * How many of these rows, from the first on, belong into one write. It may depend on nothing but the rows, so that
   * whoever publishes a commit cuts it at the same places. Default: 100, wherever they end.
   */
  readonly cut?: (rows: readonly OutputRow[]) => number;
}

/**
 * Names an output by the commit that holds it and its index there. A row that is sent before its commit is made carries
 * the attempt's id as well: another attempt may compute another row under the same number.
 */
export const outputIdOf = (unit: string, n: number, index: number, attemptId?: string): string =>
  attemptId === undefined ? `${unit}/${n}/${index}` : `${unit}/${n}/${index}/${attemptId}`;

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
