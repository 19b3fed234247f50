import { describe, expect, it } from 'vitest';
import { parseInputs } from '../../../cli/parse-inputs.ts';
import { parseShare } from '../../../cli/parse-share.ts';
import revenue from '../../../functions/revenue/pipeline.ts';

describe('an input', () => {
  it('is cut at its first equals sign', () => {
    expect(parseInputs(revenue, ['orders=a=b.jsonl', 'rates=-'])).toEqual({ orders: 'a=b.jsonl', rates: '-' });
  });

  it.each(['orders', '=x', 'orders=', ''])('is refused without source or file: %j', (text) => {
    expect(() => parseInputs(revenue, [text])).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});

describe('a share', () => {
  it.each([
    ['5%', 0.05],
    ['0%', 0],
    ['100%', 1],
    ['2.5%', 0.025],
  ])('is given as a percentage: %s', (text, share) => {
    expect(parseShare(text)).toBe(share);
  });

  it.each(['5', '0.05', '101%', '-1%', '%', 'all'])('is refused: %s', (text) => {
    expect(() => parseShare(text)).toThrow('Use a percentage from 0% to 100%');
  });
});
