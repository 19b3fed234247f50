import { expect, it } from 'vitest';
import { systemRandom } from '../../../lib/core/random.ts';

it("the system's ids are 96 bits each, and no two of them are alike, however many are made at once", () => {
  const ids = Array.from({ length: 1_000 }, () => systemRandom.uniqueId());
  expect(new Set(ids).size).toBe(1_000);
  for (const id of ids) expect(id).toMatch(/^[\w-]{16}$/);
  // Each place takes many of the 64 characters: nothing is counted up, and nothing is left zero.
  for (let place = 0; place < 16; place++) expect(new Set(ids.map((id) => id[place])).size).toBeGreaterThan(50);
});
