export interface Column {
  readonly align?: 'left' | 'right';
}

/** Cells as indented lines with aligned columns, one line a row. */
export const tableLines = (columns: readonly Column[], rows: readonly (readonly string[])[]): string[] => {
  const widths = columns.map((_, i) => Math.max(0, ...rows.map((row) => (row[i] ?? '').length)));
  return rows
    .map((row) =>
      columns
        .map(({ align }, i) => {
          const cell = row[i] ?? '';
          return align === 'right' ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0);
        })
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `  ${line}`);
};

/** The same as one text. */
export const textTable = (columns: readonly Column[], rows: readonly (readonly string[])[]): string =>
  tableLines(columns, rows).join('\n');

/** 40000 as 40,000. */
export const groupDigits = (count: number): string => count.toLocaleString('en-US');
