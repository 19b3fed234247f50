import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { MillraceError } from '../../errors/millrace-error.ts';

/** A file to read, or standard input. */
export interface InputFile {
  /** As messages call it. */
  readonly name: string;
  /** `undefined` for standard input. */
  readonly path: string | undefined;
  /** `undefined` where it cannot be known before it is read. */
  readonly sizeBytes: number | undefined;
}

const chunkBytes = 256 * 1024;
const gzipMagic = [0x1f, 0x8b] as const;

/**
 * Looks whether the file is there, so that a wrong path is told before anything is started. `-` is standard input.
 * @throws MillraceError `FILE_NOT_FOUND`
 */
export const findInput = async (source: string, path: string): Promise<InputFile> => {
  if (path === '-') return { name: 'standard input', path: undefined, sizeBytes: undefined };
  const found = await stat(path).catch((cause: unknown) => {
    throw notFound(source, path, (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'it does not exist' : `${cause}`);
  });
  if (found.isDirectory()) throw notFound(source, path, 'it is a folder');
  return { name: path, path, sizeBytes: found.isFile() ? found.size : undefined };
};

const notFound = (source: string, path: string, why: string): MillraceError =>
  new MillraceError('input', 'FILE_NOT_FOUND', `The input of source '${source}', ${path}, cannot be read: ${why}.`, {
    fix: 'Check the path: it is taken from the folder where the command runs.',
    fields: { source, path },
  });

/**
 * The content of a file in chunks, unpacked if its first bytes say that it is gzip, whatever its name.
 * @param onBytes told how many bytes were read, before unpacking
 */
export async function* readInput(input: InputFile, onBytes: (count: number) => void): AsyncGenerator<Uint8Array> {
  const raw = input.path === undefined ? process.stdin : createReadStream(input.path, { highWaterMark: chunkBytes });
  const chunks = counted(raw, onBytes)[Symbol.asyncIterator]();
  const head = await firstBytes(chunks, gzipMagic.length);
  const all = joined(head, chunks);
  if (!gzipMagic.every((byte, i) => head[i] === byte)) {
    yield* all;
    return;
  }
  // An error on the way is thrown by the loop that reads; the callback has nothing to add.
  const unpacked = pipeline(
    Readable.from(all, { objectMode: false }),
    createGunzip({ chunkSize: chunkBytes }),
    () => undefined,
  );
  yield* unpacked as AsyncIterable<Uint8Array>;
}

async function* counted(
  chunks: AsyncIterable<Uint8Array | string>,
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    onBytes(bytes.length);
    yield bytes;
  }
}

const firstBytes = async (chunks: AsyncIterator<Uint8Array>, count: number): Promise<Uint8Array> => {
  let head: Uint8Array = new Uint8Array();
  while (head.length < count) {
    const { done, value } = await chunks.next();
    if (done === true) break;
    head = head.length === 0 ? value : Buffer.concat([head, value]);
  }
  return head;
};

async function* joined(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  yield* { [Symbol.asyncIterator]: () => rest };
}
