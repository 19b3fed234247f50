declare const millis: unique symbol;

/**
 * A length of time in whole milliseconds, never an instant. Instants are plain `number`s whose names end in `Ms`.
 * Made by {@link milliseconds}, {@link seconds}, {@link minutes}, {@link hours} and {@link days}.
 */
export type Millis = number & { readonly [millis]: true };

/** @example milliseconds(250) */
export const milliseconds = (count: number): Millis => count as Millis;

/** @example seconds(5) */
export const seconds = (count: number): Millis => (count * 1_000) as Millis;

/** @example minutes(1) */
export const minutes = (count: number): Millis => (count * 60_000) as Millis;

/** @example hours(1) */
export const hours = (count: number): Millis => (count * 3_600_000) as Millis;

/** A day of 24 hours; it knows no time zones. @example days(7) */
export const days = (count: number): Millis => (count * 86_400_000) as Millis;
