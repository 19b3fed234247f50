const MAX_LENGTH = 80;

/** A value given by a user, as an error message shows it: short, quoted, never throwing. */
export const describeValue = (value: unknown): string => {
  switch (typeof value) {
    case 'string':
      return `'${shorten(value)}'`;
    case 'bigint':
      return `${value}n`;
    case 'function':
      return 'a function';
    case 'object':
      return value === null ? 'null' : describeObject(value);
    default:
      return String(value);
  }
};

const describeObject = (value: object): string => {
  try {
    return shorten(JSON.stringify(value) ?? 'an object');
  } catch {
    return 'an object';
  }
};

const shorten = (text: string): string => (text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH - 1)}…`);
