import { HASH_SEED, hashJson, hashText } from '../core/text-hash.ts';

/** How entries' names are kept: as they are, or not, where they follow from the value. */
export const LISTED = 0;
/** `<key as JSON>`, the key being first in the value. */
const BY_KEY = 1;
/** `<start>|<key as JSON>`, the start being second. */
const BY_START_AND_KEY = 2;

/** How many ways there are. */
export const NAMINGS = 3;

/** A name is left out only where it is seen to follow: nobody has to promise how a table names its entries. */
export const namingOf = (name: string, value: unknown): number => {
  if (!Array.isArray(value) || typeof value[0] === 'object') return LISTED;
  const keyJson = JSON.stringify(value[0]);
  if (name === keyJson) return BY_KEY;
  return typeof value[1] === 'number' && isByStart(name, String(value[1]), keyJson) ? BY_START_AND_KEY : LISTED;
};

/** Whether it is `byStart`'s, without making that: an image of a partition has thousands of names. */
const isByStart = (name: string, start: string, keyJson: string): boolean =>
  name.length === start.length + 1 + keyJson.length &&
  name[start.length] === '|' &&
  name.startsWith(start) &&
  name.endsWith(keyJson);

/** The name of an entry whose value begins with these, where names are not listed. */
export const nameOf = (naming: number, key: unknown, start: unknown): string => {
  const keyJson = JSON.stringify(key);
  return naming === BY_KEY ? keyJson : byStart(start as number, keyJson);
};

const byStart = (startMs: number, keyJson: string): string => `${startMs}|${keyJson}`;

/** Starts whose hash is remembered: an image has few, over and over. */
const MOST_STARTS = 1_000;

/** `hashText` of `nameOf`, without making that. */
export const hasherOf = (naming: number): ((key: unknown, start: unknown) => number) => {
  if (naming === BY_KEY) return (key) => hashJson(HASH_SEED, key);
  const starts = new Map<unknown, number>();
  return (key, start) => {
    let hash = starts.get(start);
    if (hash === undefined) {
      hash = hashText(HASH_SEED, `${start}|`);
      if (starts.size === MOST_STARTS) starts.clear();
      starts.set(start, hash);
    }
    return hashJson(hash, key);
  };
};
