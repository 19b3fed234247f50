import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { checkOptions } from '../../../lib/core/check-options.ts';

const shape = z.strictObject({ watermarks: z.string(), stream: z.string() });

describe('checkOptions', () => {
  it('names a misspelt option rather than the one that is missing because of it', () => {
    expect(() => checkOptions('kinesisSource', shape, { stream: 'orders', watermark: 'x' })).toThrow(
      "kinesisSource: there is no option 'watermark'",
    );
  });

  it('names a missing option with what is there instead', () => {
    expect(() => checkOptions('kinesisSource', shape, { stream: 'orders' })).toThrow(
      "option 'watermarks' is undefined",
    );
  });

  it('returns options that fit', () => {
    expect(checkOptions('kinesisSource', shape, { stream: 'orders', watermarks: 'x' })).toEqual({
      stream: 'orders',
      watermarks: 'x',
    });
  });
});
