/** What an entry costs beside its text: slots in maps, headers of strings and arrays, a timer. */
const ENTRY_OVERHEAD_BYTES = 100;
/** Values take about twice the memory that their JSON has characters, as measured for panes and lists of objects. */
const MEMORY_PER_CHARACTER = 2;

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

/** About how much memory an entry of state takes; bytes. */
export const entryBytes = (key: string, value: unknown): number =>
  ENTRY_OVERHEAD_BYTES + MEMORY_PER_CHARACTER * (key.length + jsonSize(value));
