import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseRewrites } from '../../../lib/commit/choose-rewrites.ts';
import type { Section } from '../../../lib/commit/manifest.ts';
import { SeededRandom } from '../../../lib/testing/seeded-random.ts';

const KB = 1024;
const CHECK = 'c'.repeat(16);

/** Partitions as a manifest has them; runs are added to them and they are rewritten. */
class Stored {
  readonly sections: Section[][];

  constructor(images: readonly number[]) {
    this.sections = images.map((bytes) => [[0, 0, bytes, CHECK]]);
  }

  /** @returns how many were rewritten, and their bytes */
  snapshot(runs: ReadonlyMap<number, number>): { count: number; bytes: number } {
    const changed = [...runs].map(([lp, runBytes]) => ({ lp, sections: this.sections[lp] as Section[], runBytes }));
    const chosen = chooseRewrites(
      changed,
      [...runs.values()].reduce((sum, bytes) => sum + bytes, 0),
    );
    let bytes = 0;
    for (const { lp, sections, runBytes } of changed) {
      if (chosen.has(lp)) {
        bytes += sections.reduce((sum, [, , length]) => sum + length, runBytes);
        this.sections[lp] = [[0, 0, (sections[0] as Section)[2], CHECK]];
      } else sections.push([0, 0, runBytes, CHECK]);
    }
    return { count: chosen.size, bytes };
  }

  /** Bytes of runs beside those of images. */
  get share(): number {
    const images = this.sections.reduce((sum, [image]) => sum + (image as Section)[2], 0);
    const all = this.sections.flat().reduce((sum, [, , length]) => sum + length, 0);
    return (all - images) / images;
  }

  get most(): number {
    return Math.max(...this.sections.map(({ length }) => length));
  }
}

/** Which partitions change, by how much: all alike; few of them mostly; those that are most laden; those that are least. */
const ways: Record<string, (stored: Stored, random: SeededRandom) => number[]> = {
  alike: ({ sections }) => [...sections.keys()],
  'few mostly': ({ sections }, random) =>
    [...sections.keys()].filter((lp) => random.fraction() < 1 / (1 + (lp % sections.length))),
  'the most laden': ({ sections }) =>
    [...sections.keys()]
      .sort((a, b) => (sections[b]?.length ?? 0) - (sections[a]?.length ?? 0))
      .slice(0, Math.ceil(sections.length / 2)),
  'the least laden': ({ sections }) =>
    [...sections.keys()]
      .sort((a, b) => (sections[a]?.length ?? 0) - (sections[b]?.length ?? 0))
      .slice(0, Math.ceil(sections.length / 2)),
};

describe('what a snapshot rewrites', () => {
  it('is nothing as long as runs are few beside their image', () => {
    const stored = new Stored([100 * KB, 100 * KB]);
    for (let i = 0; i < 4; i++) expect(stored.snapshot(new Map([[0, 20 * KB]])).count).toBe(0);
    expect(stored.snapshot(new Map([[0, 30 * KB]])).count).toBe(1);
  });

  it('is one at least, however large: the most laden', () => {
    const sections = (runBytes: number): Section[] => [
      [0, 0, 20_000 * KB, CHECK],
      [0, 0, runBytes, CHECK],
    ];
    const changed = [21_000, 24_000, 22_000].map((kb, lp) => ({ lp, sections: sections(kb * KB), runBytes: KB }));
    expect([...chooseRewrites(changed, 3 * KB)]).toEqual([1]);
  });

  it.each([1, 32, 1_000])('is spread over snapshots where all come to it together: runs of %i KB', (runKb) => {
    const partitions = 64;
    const stored = new Stored(Array.from({ length: partitions }, () => runKb * 20 * KB));
    const rewritten = Array.from(
      { length: 400 },
      () => stored.snapshot(new Map(Array.from({ length: partitions }, (_, lp) => [lp, runKb * KB]))).count,
    );
    expect(Math.max(...rewritten)).toBeLessThanOrEqual(partitions / 4);
    expect(rewritten.slice(-100).filter((count) => count === 0).length).toBeLessThan(50);
  });

  it.each(Object.keys(ways))('keeps the debt within bounds for ever: %s', (way) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 256 }),
        fc.integer({ min: 1, max: 2_000 }),
        fc.integer({ min: 1, max: 100 }),
        fc.integer(),
        (partitions, imageKb, runKb, seed) => {
          const random = new SeededRandom(seed);
          const stored = new Stored(
            Array.from({ length: partitions }, () => Math.ceil(imageKb * KB * (0.1 + 2 * random.fraction()))),
          );
          for (let i = 0; i < 300; i++) {
            const lps = (ways[way] as (typeof ways)[string])(stored, random);
            const runs = new Map(lps.map((lp) => [lp, Math.ceil(runKb * KB * random.fraction())]));
            const { count, bytes } = stored.snapshot(runs);
            const changedBytes = [...runs.values()].reduce((sum, one) => sum + one, 0);
            // Few of them, or few bytes.
            if (count > Math.ceil(runs.size / 16))
              expect(bytes).toBeLessThanOrEqual(Math.max(256 * KB, Math.min(4 * changedBytes, 8 * KB * KB)));
          }
          expect(stored.most).toBeLessThanOrEqual(32 + 16 * (2 + Math.log(partitions)));
          // Beside as much as the images, what runs of one round of all partitions may be.
          expect(stored.share).toBeLessThan(1.5 + (runKb * 32) / imageKb);
        },
      ),
      { numRuns: 25 },
    );
  });
});
