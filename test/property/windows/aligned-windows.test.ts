import fc from 'fast-check';
import { milliseconds, sliding, tumbling } from 'millrace';
import { describe, expect, it } from 'vitest';
import {
  firstWindowStartOf,
  forEachSliceStart,
  forEachWindowStart,
  lastWindowStartOf,
  sliceStartOf,
} from '../../../lib/windows/aligned-windows.ts';
import type { AlignedWindows } from '../../../lib/windows/window-assigner.ts';

const assigners = fc.oneof(
  fc
    .tuple(fc.integer({ min: 1, max: 60 }), fc.nat(1_000))
    .map(([size, offset]) => tumbling(milliseconds(size), { offset: milliseconds(offset % size) })),
  fc
    .tuple(fc.integer({ min: 1, max: 60 }), fc.nat(1_000), fc.nat(1_000))
    .map(([size, slide, offset]) => [size, 1 + (slide % size), offset] as const)
    .map(([size, slide, offset]) =>
      sliding(milliseconds(size), milliseconds(slide), { offset: milliseconds(offset % slide) }),
    ),
);

/** Negative ones too; and far ones, where a rounding of doubles would show. */
const times = fc.oneof(fc.integer({ min: -200, max: 200 }), fc.integer({ min: -(2 ** 45), max: 2 ** 45 }));

/** Every start there is near a time, by the definition alone: offset + k × step. */
const startsNear = (offsetMs: number, stepMs: number, tsMs: number): number[] => {
  const middle = Math.round((tsMs - offsetMs) / stepMs);
  const starts: number[] = [];
  for (let k = middle - 70; k <= middle + 70; k += 1) starts.push(offsetMs + k * stepMs);
  return starts;
};

const windowsWith = ({ offsetMs, slideMs, sizeMs }: AlignedWindows, tsMs: number): number[] =>
  startsNear(offsetMs, slideMs, tsMs).filter((startMs) => startMs <= tsMs && tsMs < startMs + sizeMs);

const collect = (each: (visit: (startMs: number) => void) => void): number[] => {
  const starts: number[] = [];
  each((startMs) => starts.push(startMs));
  return starts;
};

describe('aligned windows', () => {
  it('are exactly those that contain the time, oldest first', () => {
    fc.assert(
      fc.property(assigners, times, (assigner, tsMs) => {
        const expected = windowsWith(assigner, tsMs);
        expect(expected.length).toBeGreaterThan(0);
        expect(collect((visit) => forEachWindowStart(assigner, tsMs, visit))).toEqual(expected);
        expect(firstWindowStartOf(assigner, tsMs)).toBe(expected[0]);
        expect(lastWindowStartOf(assigner, tsMs)).toBe(expected.at(-1));
      }),
      { numRuns: 1_000 },
    );
  });

  it('are whole numbers of slices: all times of a slice are in the same windows', () => {
    fc.assert(
      fc.property(assigners, times, (assigner, tsMs) => {
        const sliceMs = sliceStartOf(assigner, tsMs);
        expect(sliceMs).toBe(
          startsNear(assigner.offsetMs, assigner.sliceMs, tsMs).findLast((startMs) => startMs <= tsMs),
        );
        const windows = collect((visit) => forEachWindowStart(assigner, sliceMs, visit));
        expect(windows).toEqual(windowsWith(assigner, tsMs));
        for (const windowMs of windows) {
          const slices = collect((visit) => forEachSliceStart(assigner, windowMs, visit));
          expect(slices).toContain(sliceMs);
          expect(slices[0]).toBe(windowMs);
          expect(slices.at(-1)! + assigner.sliceMs).toBe(windowMs + assigner.sizeMs);
        }
      }),
    );
  });
});
