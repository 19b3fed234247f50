import { MillraceError } from '../errors/millrace-error.ts';
import type { OutputRow, OutputVersion } from './sink-port.ts';

/** What keeps a row from regressing, stored beside its fields: who wrote it, and which version it is. */
export interface StampNames {
  readonly version: string;
  readonly lp: string;
}

export const defaultStampNames: StampNames = { version: '_v', lp: '_lp' };

export type Row = Readonly<Record<string, unknown>>;

export const compareVersions = (a: OutputVersion, b: OutputVersion): number =>
  a.incarnation - b.incarnation || a.n - b.n || a.index - b.index;

/** A row's key as text, and as fields for messages. */
export const keyOf = (value: Row, keyFields: readonly string[]): string =>
  JSON.stringify(keyFields.map((field) => value[field]));

/**
 * The last version of each row. Values are absolute, so the versions in between need not be written; writing them side
 * by side could end with an older one.
 * @throws MillraceError `SINK_ROW_OF_ANOTHER_PARTITION` (operator) where two partitions computed one row;
 * `INVALID_OPTION` (configuration) where a field has a stamp's name
 */
export const lastVersions = (
  sink: string,
  rows: readonly OutputRow[],
  keyFields: readonly string[],
  stamp: StampNames,
): readonly OutputRow[] => {
  const last = new Map<string, OutputRow>();
  for (const row of rows) {
    const value = row.value as Row;
    if (stamp.version in value || stamp.lp in value) throw stampTaken(sink, stamp);
    const key = keyOf(value, keyFields);
    const known = last.get(key);
    if (known !== undefined && known.lp !== row.lp) throw rowOfAnotherPartition(sink, key, row.lp, known.lp);
    if (known === undefined || compareVersions(known.version, row.version) <= 0) last.set(key, row);
  }
  return [...last.values()];
};

export const rowOfAnotherPartition = (sink: string, key: string, lp: number, owner: unknown): MillraceError =>
  new MillraceError(
    'operator',
    'SINK_ROW_OF_ANOTHER_PARTITION',
    `the row ${key} of ${sink} belongs to partition ${String(owner)}; partition ${lp} may not write it`,
    {
      fix: "Key the stream by the row's key before the sink, and let one pipeline and one incarnation own the table.",
      fields: { sink, key, lp, owner },
    },
  );

const stampTaken = (sink: string, stamp: StampNames): MillraceError =>
  new MillraceError('configuration', 'INVALID_OPTION', `a row of ${sink} has a field ${stamp.version} or ${stamp.lp}`, {
    fix: "Rename the field: these names hold the row's version and partition.",
    fields: { sink, stamp },
  });
