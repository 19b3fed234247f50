import type { AlignedWindows } from './window-assigner.ts';

/**
 * Arithmetic of aligned windows, for the hot path: no allocation, and event times before 1970 count like all others.
 * Windows start at `offsetMs + k × slideMs` for every integer k; slices at `offsetMs + k × sliceMs`.
 */

/** A window of more slices costs more to put together for a key with few records than its panes would. */
const MAX_SHARED_SLICES = 64;

/** Whether the windows share the slices that they are made of, instead of having what is aggregated once for each window. */
export const sharesSlices = ({ sizeMs, slideMs, sliceMs }: AlignedWindows): boolean =>
  slideMs < sizeMs && sizeMs / sliceMs <= MAX_SHARED_SLICES;

/** The greatest `offset + k × step` that is not after `tsMs`. */
const alignDown = (tsMs: number, offsetMs: number, stepMs: number): number => {
  const past = (tsMs - offsetMs) % stepMs;
  return past < 0 ? tsMs - past - stepMs : tsMs - past;
};

/** The start of the slice that `tsMs` is in. */
export const sliceStartOf = (assigner: AlignedWindows, tsMs: number): number =>
  alignDown(tsMs, assigner.offsetMs, assigner.sliceMs);

/** The start of the newest window that contains `tsMs`: the one that ends last. */
export const lastWindowStartOf = (assigner: AlignedWindows, tsMs: number): number =>
  alignDown(tsMs, assigner.offsetMs, assigner.slideMs);

/** The start of the oldest window that contains `tsMs`: the one that ends first. */
export const firstWindowStartOf = (assigner: AlignedWindows, tsMs: number): number => {
  const lastMs = lastWindowStartOf(assigner, tsMs);
  // A window k slides older contains it while k × slide < size − (ts − last).
  const olderCount = Math.floor((assigner.sizeMs - (tsMs - lastMs) - 1) / assigner.slideMs);
  return lastMs - olderCount * assigner.slideMs;
};

/**
 * Calls `visit` with the start of each window that contains `tsMs`, oldest first. Every window is a whole number of
 * slices, so the windows that contain a slice are those that contain its start.
 */
export const forEachWindowStart = (assigner: AlignedWindows, tsMs: number, visit: (startMs: number) => void): void => {
  const lastMs = lastWindowStartOf(assigner, tsMs);
  for (let startMs = firstWindowStartOf(assigner, tsMs); startMs <= lastMs; startMs += assigner.slideMs) visit(startMs);
};

/** Calls `visit` with the start of each slice of the window that starts at `windowStartMs`, oldest first. */
export const forEachSliceStart = (
  assigner: AlignedWindows,
  windowStartMs: number,
  visit: (startMs: number) => void,
): void => {
  const endMs = windowStartMs + assigner.sizeMs;
  for (let startMs = windowStartMs; startMs < endMs; startMs += assigner.sliceMs) visit(startMs);
};
