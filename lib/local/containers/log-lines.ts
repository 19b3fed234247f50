import type { Readable } from 'node:stream';

const maxLineLength = 64 * 1024;

/** Calls `onLine` for each line of a text stream, without its line end; a very long line comes in parts. */
export const readLines = (stream: Readable, onLine: (line: string) => void): void => {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
    if (rest.length < maxLineLength) return;
    onLine(rest);
    rest = '';
  });
  stream.on('end', () => {
    if (rest !== '') onLine(rest);
    rest = '';
  });
};
