import { closeSync, openSync, readSync } from 'node:fs';

const chunkBytes = 1024 * 1024;

/** The lines of a file of ASCII text, as many at a time as a chunk of it holds. */
export function* readLines(path: string): Generator<readonly string[]> {
  const file = openSync(path, 'r');
  const chunk = Buffer.allocUnsafe(chunkBytes);
  let rest = '';
  try {
    for (;;) {
      const bytes = readSync(file, chunk, 0, chunkBytes, null);
      if (bytes === 0) break;
      const lines = (rest + chunk.toString('utf8', 0, bytes)).split('\n');
      rest = lines.pop() as string;
      yield lines;
    }
  } finally {
    closeSync(file);
  }
  if (rest !== '') yield [rest];
}
