import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { type PackedPackage, packPackage } from './pack-package.ts';

const run = promisify(execFile);

export interface InstalledProject {
  /** What `millrace init` has made, installed. */
  readonly folder: string;
  /** What was packed, before it was a tarball. */
  readonly built: string;
  readonly packed: PackedPackage;
  /** Everything that was made; to be deleted. */
  readonly root: string;
  run(command: string, ...args: readonly string[]): Promise<RunResult>;
  /** @returns what it prints. @throws Error with that, where it does not end well */
  demand(command: string, ...args: readonly string[]): Promise<string>;
}

export interface InstallOptions {
  /** Of all that runs, less what only this checkout's scripts have. Default: this process's. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Ends what runs. */
  readonly signal?: AbortSignal;
}

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  /** Standard error too. */
  readonly output: string;
}

/** Not in every project: the engines of `millrace/local`. */
const engines = ['dynalite', 'kinesis-local'];

/**
 * Packs this checkout, installs the tarball with npm into an empty folder, and lets its `millrace init` make a project there.
 *
 * The versions of everything else are those of this checkout's lock, so that what is tested does not change from one day to the
 * next; npm's cache has them since the checkout was installed.
 */
export const installProject = async (options: InstallOptions = {}): Promise<InstalledProject> => {
  const root = mkdtempSync(join(tmpdir(), 'millrace-package-'));
  try {
    return await installIn(root, options);
  } catch (error) {
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    throw error;
  }
};

const installIn = async (root: string, options: InstallOptions): Promise<InstalledProject> => {
  const built = join(root, 'built');
  const packed = await packPackage({ folder: built, destination: root });
  const empty = join(root, 'empty');
  mkdirSync(empty);
  writeManifest(empty, packed.tarball);
  const { demand } = inFolder(empty, options);
  await demand('npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error');
  const folder = join(root, 'shop');
  await demand(join(empty, 'node_modules/.bin/millrace'), 'init', folder);
  // What the new project asks for is what was installed.
  renameSync(join(empty, 'node_modules'), join(folder, 'node_modules'));
  return { folder, built, packed, root, ...inFolder(folder, options) };
};

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string }>>;
}

/** What the template depends on, the package from its tarball, and a lock for it. */
const writeManifest = (folder: string, tarball: string): void => {
  const template = readFileSync('cli/templates/project/package.json.template', 'utf8')
    .replace('{{name}}', 'shop')
    .replace('{{millrace}}', `file:${tarball}`);
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
  const manifest = JSON.parse(template) as { name: string; version: string; devDependencies: Record<string, string> };
  for (const engine of engines)
    manifest.devDependencies[engine] = lock.packages[`node_modules/${engine}`]?.version as string;
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(
    join(folder, 'package-lock.json'),
    JSON.stringify({ ...lock, name: manifest.name, packages: { ...lock.packages, '': manifest } }),
  );
};

const inFolder = (
  folder: string,
  { environment = process.env, signal }: InstallOptions,
): Pick<InstalledProject, 'run' | 'demand'> => {
  const path = [join(folder, 'node_modules/.bin'), dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'];
  const runInFolder = async (command: string, ...args: readonly string[]): Promise<RunResult> => {
    const options = {
      cwd: folder,
      env: { ...asUsersHaveIt(environment), PATH: path.join(delimiter) },
      maxBuffer: 64 * 1_024 * 1_024,
      ...(signal !== undefined && { signal }),
    };
    try {
      const { stdout, stderr } = await run(command, [...args], options);
      return { exitCode: 0, stdout, output: stdout + stderr };
    } catch (error) {
      const {
        code,
        stdout = '',
        stderr = '',
        message,
      } = error as Error & { code?: number; stdout?: string; stderr?: string };
      return { exitCode: typeof code === 'number' ? code : 1, stdout, output: stdout + stderr || message };
    }
  };
  return {
    run: runInFolder,
    demand: async (command, ...args) => {
      const { exitCode, stdout, output } = await runInFolder(command, ...args);
      if (exitCode === 0) return stdout;
      throw new Error(`${command} ${args.join(' ')} ended with ${exitCode}: ${output}`);
    },
  };
};

/** As a user has it: npm hands the settings of this checkout down to what its scripts start, and vitest its own. */
const asUsersHaveIt = (environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  const settings = readFileSync('.npmrc', 'utf8').matchAll(/^([a-z-]+)\s*=/gm);
  const own = ['NODE_OPTIONS', 'VITEST', 'npm_config_local_prefix'].concat(
    Array.from(settings, ([, name = '']) => `npm_config_${name.replaceAll('-', '_')}`),
  );
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !own.includes(name)));
};
