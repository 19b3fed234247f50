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

export const systemRandom: Random = {
  uniqueId: () => randomBytes(12).toString('base64url'),
  fraction: () => Math.random(),
};
