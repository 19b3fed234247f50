import { expect, it } from 'vitest';
import { cacheBytesOf } from '../../../lib/lambda/cache-bytes.ts';

const MIB = 1024 * 1024;

it.each([
  ['128', Math.floor((128 * MIB) / 3)],
  ['1536', 512 * MIB],
  ['10240', Math.floor((10_240 * MIB) / 3)],
])("takes a third of a function's memory for state: of %s MiB", (size, expected) => {
  expect(cacheBytesOf({ AWS_LAMBDA_FUNCTION_MEMORY_SIZE: size })).toBe(expected);
});

it.each([undefined, '', '0', 'much'])('takes the default where Lambda does not say how much there is: %s', (size) => {
  expect(cacheBytesOf({ AWS_LAMBDA_FUNCTION_MEMORY_SIZE: size })).toBeUndefined();
});
