import { InvalidArgumentError } from 'commander';

/** A percentage as a fraction: `5%` is 0.05. */
export const parseShare = (text: string): number => {
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(text.trim())?.[1];
  const share = percent === undefined ? Number.NaN : Number(percent) / 100;
  if (share >= 0 && share <= 1) return share;
  throw new InvalidArgumentError('Use a percentage from 0% to 100%, such as 5%.');
};
