const whole = new Intl.NumberFormat('en-US');
const cents = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

/** 1234 as 1,234. */
export const count = (value: number): string => whole.format(value);

/** Cents as 1,234.50. */
export const money = (amountCents: number): string => cents.format(amountCents / 100);

/** The time of day of an instant, UTC: 14:20 or 14:20:30. */
export const timeOfDay = (instantMs: number, seconds = false): string =>
  new Date(instantMs).toISOString().slice(11, seconds ? 19 : 16);
