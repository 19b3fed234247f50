import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { MillraceError } from '../errors/millrace-error.ts';

const PLAIN = 0;
const ZSTD = 1;
/** Below this nothing is saved: an item is billed by the kilobyte, a stream record by more. */
const COMPRESS_FROM_BYTES = 800;

/**
 * Columns of digits and of keys that share a beginning: repeats of a few bytes cost more to point at than to write, so the fastest level,
 * told not to look for them, makes less of such text than the default one.
 */
const ZSTD_OPTIONS = {
  params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_minMatch]: 6 },
};

/** Text as bytes: one byte that names the encoding, then UTF-8, compressed where that is smaller. */
export const encodeFrame = (text: string): Uint8Array => {
  const plain = Buffer.from(text);
  if (plain.length >= COMPRESS_FROM_BYTES) {
    const packed = zstdCompressSync(plain, ZSTD_OPTIONS);
    if (packed.length < plain.length) return withTag(ZSTD, packed);
  }
  return withTag(PLAIN, plain);
};

/** @throws MillraceError `CORRUPT_LOG` where the bytes are no frame */
export const decodeFrame = (bytes: Uint8Array): string => {
  const content = bytes.subarray(1);
  if (bytes[0] === PLAIN) return Buffer.from(content.buffer, content.byteOffset, content.length).toString();
  if (bytes[0] === ZSTD) return zstdDecompressSync(content).toString();
  throw new MillraceError(
    'corrupt',
    'CORRUPT_LOG',
    `A stored payload begins with encoding ${bytes[0]}; known are 0 (plain) and 1 (zstd).`,
    {
      fix: 'Restore the table from a backup, or run a newer release if one wrote it.',
    },
  );
};

const withTag = (tag: number, content: Buffer): Uint8Array => {
  const bytes = new Uint8Array(content.length + 1);
  bytes[0] = tag;
  bytes.set(content, 1);
  return bytes;
};
