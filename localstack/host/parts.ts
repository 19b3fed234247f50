import { createHash } from 'node:crypto';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MillraceError } from 'millrace';
import { findJava, findPython, requirePlatform, requireTools } from './find-tools.ts';

/** One thing that is downloaded or compiled. */
export type PartName = 'python' | 'runtime-client' | 'dynamodb-local';

/** Runs a program in the folder that is being filled. */
export type Run = (command: string, args: readonly string[]) => Promise<void>;

export interface Part {
  /** Files that say what is installed: when one changes, it is installed anew beside the old one. */
  readonly pins: readonly string[];
  /** @throws MillraceError `TOOL_MISSING` (configuration) */
  readonly require: () => Promise<unknown>;
  readonly install: (folder: string, run: Run) => Promise<void>;
}

const file = (...path: string[]): string => join(import.meta.dirname, ...path);

const requirements = file('python/requirements.txt');
const runtimeClient = ['package.json', 'package-lock.json'].map((name) => file('runtime-client', name));
const pom = file('dynamodb-local/pom.xml');
const hashes = file('dynamodb-local/jars.sha256');
const launcher = file('dynamodb-local/LoopbackDynamoDb.java');

export const parts: Readonly<Record<PartName, Part>> = {
  python: {
    pins: [requirements],
    require: async () => {
      requirePlatform();
      await findPython();
    },
    install: async (folder, run) => {
      await run(await findPython(), ['-m', 'venv', 'venv']);
      const options = ['--quiet', '--no-deps', '--require-hashes', '--disable-pip-version-check'];
      await run(join(folder, 'venv/bin/python'), ['-m', 'pip', 'install', ...options, '-r', requirements]);
    },
  },
  'runtime-client': {
    pins: runtimeClient,
    require: async () => {
      requirePlatform();
      await requireTools([
        ['c++', 'apt install build-essential'],
        ['make', 'apt install build-essential'],
        ['cmake', 'apt install cmake'],
        ['xz', 'apt install xz-utils'],
      ]);
    },
    install: async (folder, run) => {
      for (const path of runtimeClient) await cp(path, join(folder, path.split('/').at(-1) as string));
      await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
    },
  },
  'dynamodb-local': {
    pins: [pom, hashes, launcher],
    require: async () => {
      await findJava();
      await requireTools([['mvn', 'apt install maven']]);
    },
    install: async (folder, run) => {
      const jars = join(folder, 'jars');
      await run('mvn', ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${jars}`]);
      await checkFiles(jars, hashes);
      const { javac } = await findJava();
      await run(javac, ['-d', join(folder, 'classes'), '-cp', join(jars, '*'), launcher]);
    },
  },
};

/** Compares files with the lines `<sha256>  <name>` of a list. */
const checkFiles = async (folder: string, list: string): Promise<void> => {
  for (const line of (await readFile(list, 'utf8')).trim().split('\n')) {
    const [expected, name = ''] = line.split('  ');
    const content = await readFile(join(folder, name)).catch(() => undefined);
    const actual = content === undefined ? 'missing' : createHash('sha256').update(content).digest('hex');
    if (actual === expected) continue;
    throw new MillraceError(
      'configuration',
      'INSTALL_FAILED',
      `${name} is not what was pinned: its SHA-256 is ${actual}.`,
      {
        fix: `Delete it from the Maven repository on this machine and try again; the hashes are in ${list}.`,
        fields: { name, expected, actual },
      },
    );
  }
};
