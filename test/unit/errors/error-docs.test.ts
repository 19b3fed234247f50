import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorCodes, rejectionCodes } from '../../../lib/errors/codes.ts';

const text = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');

/** `### CODE`, then prose, then a paragraph that starts with `**Fix.**`. */
const entries = text
  .split(/^(?=##)/m)
  .filter((section) => section.startsWith('### '))
  .map((section) => {
    const [heading = '', ...lines] = section.split('\n');
    const [meaning = '', fix = ''] = lines.join('\n').split('**Fix.**');
    return { code: heading.slice(4).trim(), meaning: meaning.trim(), fix: fix.trim() };
  });

describe('docs/errors.md', () => {
  it('has an entry for every code and none that is no code', () => {
    expect(entries.map(({ code }) => code).sort()).toEqual([...errorCodes, ...rejectionCodes].sort());
  });

  it.each(entries)('says of $code what it means and how to mend it', ({ meaning, fix }) => {
    expect(meaning).toMatch(/\.$/);
    expect(fix).toMatch(/\.$/);
  });
});

describe('codes', () => {
  it('are different from each other, errors and rejections together', () => {
    const all = [...errorCodes, ...rejectionCodes];
    expect(new Set(all).size).toBe(all.length);
  });
});
