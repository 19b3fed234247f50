import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
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
}

export interface RunResult {
  readonly exitCode: number;
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
export const installProject = async (): Promise<InstalledProject> => {
  const root = mkdtempSync(join(tmpdir(), 'millrace-package-'));
  const built = join(root, 'built');
  const packed = await packPackage({ folder: built, destination: root });
  const empty = join(root, 'empty');
  mkdirSync(empty);
  writeManifest(empty, packed.tarball);
  await inFolder(empty)('npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error').then(
    demandZero,
  );
  const folder = join(root, 'shop');
  await inFolder(empty)(join(empty, 'node_modules/.bin/millrace'), 'init', folder).then(demandZero);
  // What the new project asks for is what was installed.
  renameSync(join(empty, 'node_modules'), join(folder, 'node_modules'));
  return { folder, built, packed, root, run: inFolder(folder) };
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

const inFolder =
  (folder: string) =>
  async (command: string, ...args: readonly string[]): Promise<RunResult> => {
    const options = {
      cwd: folder,
      env: {
        ...usersEnvironment(),
        PATH: [join(folder, 'node_modules/.bin'), dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin'].join(
          delimiter,
        ),
      },
      maxBuffer: 64 * 1_024 * 1_024,
    };
    try {
      const { stdout, stderr } = await run(command, [...args], options);
      return { exitCode: 0, output: stdout + stderr };
    } catch (error) {
      const {
        code,
        stdout = '',
        stderr = '',
        message,
      } = error as Error & { code?: number; stdout?: string; stderr?: string };
      return { exitCode: typeof code === 'number' ? code : 1, output: stdout + stderr || message };
    }
  };

/** As a user has it: npm hands the settings of this checkout down to what its scripts start, and vitest its own. */
const usersEnvironment = (): NodeJS.ProcessEnv => {
  const settings = readFileSync('.npmrc', 'utf8').matchAll(/^([a-z-]+)\s*=/gm);
  const own = ['NODE_OPTIONS', 'VITEST', 'npm_config_local_prefix'].concat(
    Array.from(settings, ([, name = '']) => `npm_config_${name.replaceAll('-', '_')}`),
  );
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.includes(name)));
};

const demandZero = ({ exitCode, output }: RunResult): void => {
  if (exitCode !== 0) throw new Error(output);
};
