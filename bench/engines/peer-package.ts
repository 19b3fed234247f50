import { createRequire } from 'node:module';
import { join } from 'node:path';

/** Where the peers' packages are installed, apart from those of Millrace. */
export const peersFolder = join(import.meta.dirname, '../peers');

/** A package of the peers. What is used of it is said by whoever uses it: its own types are not there before it is installed. */
export const peerPackage = <T>(name: string): T => createRequire(join(peersFolder, 'package.json'))(name) as T;
