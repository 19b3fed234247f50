import { systemRandom } from '../../../lib/core/random.ts';

/** A name no other test run uses: an emulator outlives the tests. */
export const uniqueName = (prefix: string): string =>
  `${prefix}-${systemRandom.uniqueId().replace(/[^A-Za-z0-9]/g, 'x')}`;
