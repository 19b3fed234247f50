import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A set of rows, however often each is there. */
export interface Answer {
  readonly rows: number;
  readonly sha256: string;
}

/** Reads the lines that an engine has written, in whatever order. */
export const readAnswer = (path: string): Answer => {
  const lines = readFileSync(path, 'latin1')
    .split('\n')
    .filter((line) => line !== '');
  lines.sort();
  return { rows: lines.length, sha256: createHash('sha256').update(lines.join('\n')).digest('hex') };
};

export const isSame = (a: Answer, b: Answer): boolean => a.rows === b.rows && a.sha256 === b.sha256;
