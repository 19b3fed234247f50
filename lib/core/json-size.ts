/** About how many characters a value's JSON has. It costs a twentieth of writing it: commits are bounded by it as they grow. */
export const jsonSize = (value: unknown): number => {
  switch (typeof value) {
    case 'string':
      return value.length + 2;
    case 'number':
      return 8;
    case 'object': {
      if (value === null) return 4;
      let size = 2;
      if (Array.isArray(value)) {
        for (let i = 0; i < value.length; i++) size += jsonSize(value[i]) + 1;
        return size;
      }
      for (const name in value) size += name.length + 4 + jsonSize((value as Record<string, unknown>)[name]);
      return size;
    }
    default:
      return 5;
  }
};

/** A character is at most three bytes of UTF-8, or six where JSON escapes it, and no number has more than three times its eight. */
const MOST_BYTES_PER_CHARACTER = 6;

/** How many bytes a value's JSON has; about so many where it surely has not more than `exactFrom`, as that is cheaper to say. */
export const jsonBytes = (value: unknown, exactFrom: number): number => {
  const characters = jsonSize(value);
  return characters * MOST_BYTES_PER_CHARACTER <= exactFrom ? characters : Buffer.byteLength(JSON.stringify(value));
};
