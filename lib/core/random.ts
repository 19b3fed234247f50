import { randomBytes } from 'node:crypto';

/** The source of attempt ids and jitter: seeded in the simulator, the system's own elsewhere. */
export interface Random {
  /** A string that no other call, in any container, ever returned: 96 bits, base64url. */
  uniqueId(): string;
  /** A number in [0, 1), for jitter. */
  fraction(): number;
}

/** A number of 53 bits that nobody can guess. Not from the port, whose seed could be: no result may depend on it. */
export const secretNumber = (): number => Number(randomBytes(8).readBigUInt64BE() >> 11n);

const ID_BYTES = 12;
/** Made at once: to ask for a few random bytes takes about as long as to ask for many. */
const IDS_AT_ONCE = 64;

/** The first ones are made when the first is asked for: a process that is copied before it works has its own. */
const makeIds = (): (() => string) => {
  let bytes = Buffer.alloc(0);
  return () => {
    if (bytes.length === 0) bytes = randomBytes(IDS_AT_ONCE * ID_BYTES);
    const id = bytes.toString('base64url', 0, ID_BYTES);
    bytes = bytes.subarray(ID_BYTES);
    return id;
  };
};

export const systemRandom: Random = {
  uniqueId: makeIds(),
  fraction: () => Math.random(),
};
