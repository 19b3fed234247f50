/**
 * The number that a user's function gave to an aggregate, −0 as 0: JSON does not tell the two apart.
 *
 * @throws TypeError when it is not a finite number: neither NaN nor infinities survive JSON. The record is quarantined.
 */
export const finiteNumber = (aggregate: string, value: unknown): number => {
  if (typeof value === 'number' && Number.isFinite(value)) return value + 0;
  throw new TypeError(`${aggregate}: the function returned ${String(value)}; return a finite number`);
};
