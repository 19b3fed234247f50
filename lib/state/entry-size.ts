/** What V8 allocates on 64 bits; bytes. Short strings that many values share, and arrays of fractions, take less. */
const WORD = 8;
const STRING = 20;
const ARRAY = 6 * WORD;
const OBJECT = 3 * WORD;
const BOXED_NUMBER = 2 * WORD;
/**
 * Beside its key and value: an object of five fields, a place in a map, which is between half full and full, and one in the heap of
 * timers: its time, and its key once more.
 */
const ENTRY = OBJECT + 5 * WORD + 48 + 20;

/** About how much memory an entry of state takes; bytes. */
export const entryBytes = (key: string, value: unknown): number => ENTRY + STRING + key.length + heapBytes(value);

/** About how much memory the timer of an entry in columns takes: a time, and where the entry is, in a heap. */
export const TIMER_BYTES = 3 * WORD;

/** What a value takes beside the word that refers to it. */
const heapBytes = (value: unknown): number => {
  switch (typeof value) {
    case 'string':
      return STRING + value.length;
    case 'number':
      // Whole numbers of 32 bits are in the word itself.
      return value === (value | 0) ? 0 : BOXED_NUMBER;
    case 'object': {
      if (value === null) return 0;
      let size: number;
      if (Array.isArray(value)) {
        size = ARRAY + WORD * value.length;
        for (let i = 0; i < value.length; i++) size += heapBytes(value[i]);
        return size;
      }
      size = OBJECT;
      for (const name in value) size += WORD + heapBytes((value as Record<string, unknown>)[name]);
      return size;
    }
    default:
      return 0;
  }
};

/** The same of values beside each other in an array: numbers are not boxed there, mostly. */
export const listBytes = (values: readonly unknown[]): number => {
  let bytes = WORD * values.length;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === 'string') bytes += STRING + value.length;
    else if (typeof value !== 'number') bytes += heapBytes(value);
  }
  return bytes;
};
