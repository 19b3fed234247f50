import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Writes a file of one JSON value a line. */
export const writeJsonl = (path: string, values: Iterable<unknown>): Promise<void> =>
  pipeline(Readable.from(toLines(values)), createWriteStream(path));

function* toLines(values: Iterable<unknown>): Generator<string> {
  for (const value of values) yield `${JSON.stringify(value)}\n`;
}
