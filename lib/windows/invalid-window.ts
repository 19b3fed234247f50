import { definitionError } from '../errors/millrace-error.ts';

/** An `INVALID_WINDOW` error of a window maker. */
export const invalidWindow = (maker: string, problem: string, fix: string, fields: Record<string, unknown>) =>
  definitionError('INVALID_WINDOW', `${maker}: ${problem}.`, fix, { owner: maker, ...fields });

/** @throws `INVALID_WINDOW` when a length is 0 */
export const checkLength = (maker: string, name: string, valueMs: number): void => {
  if (valueMs > 0) return;
  throw invalidWindow(
    maker,
    `${name} is 0 ms; allowed is 1 ms or more`,
    `Give a positive ${name}, such as seconds(10).`,
    {
      option: name,
      value: valueMs,
      allowed: '>= 1',
    },
  );
};

/** @throws `INVALID_WINDOW` when the offset is not below the distance between two windows */
export const checkOffset = (maker: string, offsetMs: number, distanceMs: number): void => {
  if (offsetMs < distanceMs) return;
  throw invalidWindow(
    maker,
    `offset is ${offsetMs} ms; allowed is 0 … ${distanceMs - 1} ms, less than the distance between two windows`,
    `Use ${offsetMs % distanceMs} ms: it starts the same windows.`,
    { option: 'offset', value: offsetMs, allowed: `0 … ${distanceMs - 1}` },
  );
};
