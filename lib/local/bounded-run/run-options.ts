import type { RejectionCode } from '../../errors/codes.ts';

/** Where streams and state are: in this process, or in the embedded Kinesis and DynamoDB engines. */
export type RunEngineName = 'memory' | 'embedded';

export interface BoundedRunOptions {
  /** A JSONL file for each source, by the source's id; gzip is recognised by its content. `-` is standard input. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Gets `SINK.jsonl` for each sink and `_quarantine.jsonl`; created if missing. Other files in it are left alone. */
  readonly outputDir: string;
  /** Default `memory`. */
  readonly engine?: RunEngineName;
  /** The share of records, 0 … 1, that may be rejected before the run stops. Default: what the pipeline says. */
  readonly maxRejectedFraction?: number;
  /** Shards of every stream, 1 … 100. Default 1. */
  readonly shards?: number;
  /** Told after each part of the input was processed. */
  readonly onProgress?: (progress: RunProgress) => void;
  /** Ends the run at the next part of the input; its reason is thrown. */
  readonly signal?: AbortSignal;
}

export interface RunProgress {
  readonly records: number;
  readonly rejected: number;
  /** Of all inputs, as they are stored. */
  readonly bytesRead: number;
  /** `undefined` where an input's size is unknown. */
  readonly bytesTotal: number | undefined;
}

/** What a finished run tells. */
export interface RunSummary {
  readonly pipeline: string;
  readonly engine: RunEngineName;
  readonly inputs: Readonly<Record<string, { readonly file: string; readonly records: number }>>;
  readonly records: number;
  readonly rejected: number;
  /** How many were rejected for which reason. */
  readonly rejectedBy: Readonly<Partial<Record<RejectionCode, number>>>;
  readonly sinks: Readonly<Record<string, { readonly file: string; readonly rows: number }>>;
  readonly quarantine: string;
  /** From the first byte read to the last file in place; starting the engines is not in it. */
  readonly durationMs: number;
}
