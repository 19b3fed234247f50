import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { MillraceError } from '../../errors/millrace-error.ts';
import type { OutputRow, SinkWriter, WriteContext } from '../sink-port.ts';
import { cutPart, linesOf, type ObjectFormat, objectKey, type PartBounds } from './object-parts.ts';
import type { ObjectStore } from './object-store.ts';

export interface S3SinkWriterOptions {
  readonly store: ObjectStore;
  /** For messages: the bucket's logical name. */
  readonly bucket: string;
  readonly prefix: string;
  readonly format: ObjectFormat;
  /** Smaller parts, for simulations: all writers of a job have to agree. */
  readonly bounds?: PartBounds;
}

/**
 * Writes each part of a commit as an object that never changes. Its name follows from the commit and its content from the
 * outbox, so whoever writes it again, however late, finds it there and changes nothing.
 */
export class S3SinkWriter implements SinkWriter {
  readonly cut: (rows: readonly OutputRow[]) => number;
  readonly #options: S3SinkWriterOptions;

  constructor(options: S3SinkWriterOptions) {
    this.#options = options;
    this.cut = (rows) => cutPart(rows, options.bounds);
  }

  async write(rows: readonly OutputRow[], context?: WriteContext): Promise<void> {
    for (let from = 0; from < rows.length; ) {
      const part = rows.slice(from, from + this.cut(rows.slice(from)));
      from += part.length;
      try {
        await this.#writePart(part);
      } catch (error) {
        if (context?.onUnsent === undefined) throw error;
        context.onUnsent(part.length, error);
      }
    }
  }

  async #writePart(part: readonly OutputRow[]): Promise<void> {
    const { store, prefix, format } = this.#options;
    const lines = linesOf(part);
    const sha = createHash('sha256').update(lines).digest('hex');
    const zipped = format === 'jsonl.gz';
    const key = objectKey(prefix, format, part[0] as OutputRow);
    const outcome = await store.create({
      key,
      body: zipped ? gzipSync(lines) : Buffer.from(lines),
      contentType: zipped ? 'application/gzip' : 'application/x-ndjson',
      sha,
    });
    if (outcome === 'created') return;
    // Compressed bytes may differ between versions of zlib; what they say may not.
    const found = await store.shaOf(key);
    if (found !== sha) throw this.#conflict(key, sha, found);
  }

  #conflict(key: string, sha: string, found: string | undefined): MillraceError {
    const { bucket } = this.#options;
    return new MillraceError(
      'operator',
      'SINK_OBJECT_CONFLICT',
      `bucket ${bucket} has another object of the name ${key} than this commit wants to write`,
      {
        fix: 'Give every job a prefix of its own. A job that was begun anew with an empty state table needs another prefix, too.',
        fields: { bucket, key, sha, found },
      },
    );
  }
}
