import { describe, expect, it } from 'vitest';
import { BLOCK_BYTES, type BlobRef, blobName } from '../../../lib/commit/blob-ref.ts';
import { BlobStore, type StateStores } from '../../../lib/commit/blob-store.ts';
import { noise } from '../../support/noise.ts';
import { uniqueName } from './unique-name.ts';

const bytes = (length: number): Uint8Array =>
  Buffer.concat(
    Array.from({ length: Math.ceil(length / 65_536) }, (_, i) =>
      Buffer.from(noise(Math.min(65_536, length - i * 65_536))),
    ),
  );

/** What blobs do wherever they are. */
export const describeBlobs = (name: string, backend: () => StateStores): void => {
  const open = (unit = uniqueName('job/1/stage/stream@0')) => new BlobStore(backend(), unit);
  const isThere = async (blobs: BlobStore, ref: BlobRef) =>
    blobs.get(ref).then(
      () => true,
      (error) => {
        expect(error).toMatchObject({ name: 'BlobMissing' });
        return false;
      },
    );

  describe(`${name}: blobs`, () => {
    it.each([0, 1, BLOCK_BYTES, 2 * BLOCK_BYTES + 17])('are read as they were written: %i bytes', async (length) => {
      const blobs = open();
      const content = bytes(length);
      const ref = await blobs.put(7, 'a-s', content);
      expect(ref).toMatchObject({ n: 7, attemptId: 'a-s', sizeBytes: length });
      expect(Buffer.compare(await blobs.get(ref), content)).toBe(0);
    });

    it('are read in blocks, in any order', async () => {
      const blobs = open();
      const content = bytes(20 * BLOCK_BYTES + 5);
      const ref = await blobs.put(7, 'a', content);
      const wanted = [20, 3, 0, 4, 5];
      const blocks = await blobs.getBlocks(ref, wanted);
      expect([...blocks.keys()].sort((a, b) => a - b)).toEqual([0, 3, 4, 5, 20]);
      for (const i of wanted) {
        const block = content.subarray(i * BLOCK_BYTES, (i + 1) * BLOCK_BYTES);
        expect(Buffer.compare(blocks.get(i) as Uint8Array, block)).toBe(0);
      }
      const all = await blobs.getBlocks(
        ref,
        Array.from({ length: 21 }, (_, i) => i),
      );
      const parts = [...all].sort(([a], [b]) => a - b).map(([, block]) => block);
      expect(Buffer.compare(Buffer.concat(parts), content)).toBe(0);
    });

    it('are missing before they are written and after they were deleted, as a whole and in blocks', async () => {
      const blobs = open();
      const ref = await blobs.put(7, 'a', bytes(BLOCK_BYTES + 1));
      const other = { ...ref, attemptId: 'b' };
      await expect(blobs.get(other)).rejects.toMatchObject({ name: 'BlobMissing' });
      await expect(blobs.getBlocks(other, [1])).rejects.toMatchObject({ name: 'BlobMissing' });
      await blobs.delete([ref, other]);
      expect(await isThere(blobs, ref)).toBe(false);
    });

    it('are corrupt where they are not what was written', async () => {
      const blobs = open();
      const ref = await blobs.put(7, 'a', bytes(100));
      await blobs.put(7, 'a', bytes(101));
      await expect(blobs.get(ref)).rejects.toMatchObject({ code: 'CORRUPT_BLOB' });
    });

    it('of old commits are swept by their number, except those that are needed, and only those of their unit', async () => {
      const unit = uniqueName('job/1/stage/stream@0');
      const blobs = open(unit);
      const neighbour = open(`${unit}#Q`);
      const content = bytes(64);
      const numbers = [1, 9, 10, 11, 12, 99, 100, 1_000];
      const refs = await Promise.all(
        numbers.flatMap((n) => ['a', 'b-s', 'c_-'].map((attemptId) => blobs.put(n, attemptId, content))),
      );
      const foreign = await neighbour.put(11, 'a', content);
      const needed = refs.find(({ n, attemptId }) => n === 11 && attemptId === 'b-s') as BlobRef;
      await blobs.sweep(10, 100, new Set([blobName(needed)]));
      const left: string[] = [];
      for (const ref of refs) if (await isThere(blobs, ref)) left.push(blobName(ref));
      const swept = refs.filter((ref) => ref.n >= 10 && ref.n < 100 && ref !== needed).map(blobName);
      expect(left).toEqual(refs.map(blobName).filter((one) => !swept.includes(one)));
      expect(await isThere(neighbour, foreign)).toBe(true);
    });
  });
};
