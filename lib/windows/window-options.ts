import * as z from 'zod';
import type { Millis } from '../core/duration.ts';

/** Options of windows that stand at fixed places: {@link tumbling} and {@link sliding}. */
export interface AlignedWindowOptions {
  /**
   * Moves all windows later by this much; less than the distance between two windows. Without it windows are
   * aligned to 1970-01-01T00:00Z. Default 0.
   */
  readonly offset?: Millis;
}

export const alignedWindowOptionsShape = z.strictObject({ offset: z.unknown().optional() });
