import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { faultRows } from './mutations/fault-rows.ts';
import { mutate, patched } from './mutations/mutant.ts';
import { mutations } from './mutations/mutations.ts';

/** They are run by `npm run simulate -- --mutations`. Here it is only seen that the table fits the code. */
describe('the table of deliberate bugs', () => {
  it.each(mutations)('finds what it changes exactly once: $name', (mutation) => {
    expect(patched(mutation).size).toBeGreaterThan(0);
  });

  it.each(faultRows)('takes a remedy away for: %s', (row) => {
    expect(mutations.filter((mutation) => mutation.row === row).map(({ name }) => name)).not.toEqual([]);
  });

  it('names tests that are there', () => {
    const missing = mutations.filter(({ test }) => test !== undefined && !existsSync(test));
    expect(missing.map(({ test }) => test)).toEqual([]);
  });

  it('names each bug once', () => {
    expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length);
  });

  it('does not accept a text that is there twice or not at all', () => {
    const patch = { file: 'f', find: 'a', replace: '$&b' };
    expect(mutate('xay', patch)).toBe('x$&by');
    expect(() => mutate('xaya', patch)).toThrow('2 times');
    expect(() => mutate('xy', patch)).toThrow('0 times');
  });
});
