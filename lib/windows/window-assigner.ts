/** A window of event time: `startMs` belongs to it, `endMs` does not. */
export interface Window {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * Assigns event times to aligned windows of one size. Every window is a whole number of *slices* (the greatest common
 * divisor of size and slide), so a combiner keeps one partial aggregate per slice instead of one per window.
 */
export interface AlignedWindows {
  readonly kind: 'tumbling' | 'sliding';
  readonly sizeMs: number;
  readonly slideMs: number;
  readonly offsetMs: number;
  readonly sliceMs: number;
}

/** Windows that grow with each key's activity and end `gapMs` after its last record. Two records exactly `gapMs` apart are in two sessions. */
export interface SessionWindows {
  readonly kind: 'session';
  readonly gapMs: number;
}

export type WindowAssigner = AlignedWindows | SessionWindows;
