import type { OutputRow } from '../sink-port.ts';

/** Lines of rows: plain, or as gzip. */
export type ObjectFormat = 'jsonl' | 'jsonl.gz';

export interface PartBounds {
  readonly rows: number;
  readonly bytes: number;
}

/** A commit's rows are one object unless there are more of them than this. Part of the format: see `docs/sinks.md`. */
export const partBounds: PartBounds = { rows: 10_000, bytes: 8 * 1024 * 1024 };

const lineOf = ({ value }: OutputRow): string => `${JSON.stringify(value)}\n`;

/**
 * How many rows, from the first on, are one object: rows of one commit, up to the bounds. What is left over by a deadline
 * begins where a part ends, so that everybody cuts a commit at the same rows, wherever they begin.
 */
export const cutPart = (rows: readonly OutputRow[], bounds: PartBounds = partBounds): number => {
  const first = rows[0];
  if (first === undefined) return 0;
  let bytes = 0;
  let count = 0;
  for (const row of rows) {
    bytes += Buffer.byteLength(lineOf(row));
    if (count > 0 && (count === bounds.rows || bytes > bounds.bytes || !isOfOneCommit(first, row))) break;
    count++;
  }
  return count;
};

const isOfOneCommit = (a: OutputRow, b: OutputRow): boolean => a.unit === b.unit && a.version.n === b.version.n;

export const linesOf = (rows: readonly OutputRow[]): string => rows.map(lineOf).join('');

/**
 * `<prefix><unit>/<n, 15 digits>-<index, 10 digits>.jsonl.gz`: in a unit's folder names sort as commits do. A part that is
 * sent before its commit is made also names the attempt.
 */
export const objectKey = (prefix: string, format: ObjectFormat, first: OutputRow): string => {
  const { unit, version, outputId } = first;
  const id = `${unit}/${version.n}/${version.index}`;
  const attempt = outputId.slice(id.length).replace('/', '-');
  const name = `${String(version.n).padStart(15, '0')}-${String(version.index).padStart(10, '0')}`;
  return `${prefix}${unit}/${name}${attempt}.${format}`;
};
