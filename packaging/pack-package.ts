import { execFile } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageProblems } from './check-package.ts';
import { type CheckoutManifest, packageManifest } from './package-manifest.ts';

const run = promisify(execFile);

export interface PackOptions {
  /** Where the package is built; what was there is deleted. */
  readonly folder: string;
  /** Where the tarball goes. */
  readonly destination: string;
  /** Told each step before it begins. */
  readonly onStep?: (step: string) => void;
}

export interface PackedPackage {
  /** Path of the tarball. */
  readonly tarball: string;
  readonly sizeBytes: number;
  readonly unpackedBytes: number;
  readonly files: readonly string[];
}

/** Why there is no package: what the compiler says, or what was found wrong in the built folder. */
export class PackError extends Error {}

/**
 * Builds the package from this checkout, looks whether anything is wrong with it, and makes the tarball that `npm publish` would
 * upload. To be called with the checkout as working directory.
 *
 * @throws PackError
 */
export const packPackage = async ({ folder, destination, onStep }: PackOptions): Promise<PackedPackage> => {
  rmSync(folder, { recursive: true, force: true });
  onStep?.('compiling');
  await compile(folder);
  onStep?.('copying what is not compiled');
  const manifest = packageManifest(JSON.parse(readFileSync('package.json', 'utf8')) as CheckoutManifest);
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  cpSync('cli/templates', join(folder, 'cli/templates'), { recursive: true });
  for (const file of ['LICENSE', 'CHANGELOG.md']) cpSync(file, join(folder, file));
  cpSync('packaging/README.md', join(folder, 'README.md'));
  for (const file of readdirSync('docs').filter((name) => name.endsWith('.md')))
    cpSync(join('docs', file), join(folder, 'docs', file));
  onStep?.('checking');
  const problems = await packageProblems(folder, manifest);
  if (problems.length > 0) throw new PackError(`the package is not whole:\n  ${problems.join('\n  ')}`);
  onStep?.('packing');
  return npmPack(folder, destination);
};

const compile = async (folder: string): Promise<void> => {
  try {
    await run(process.execPath, [
      'node_modules/typescript/bin/tsc',
      '-p',
      'packaging/tsconfig.json',
      '--outDir',
      folder,
    ]);
  } catch (error) {
    const { stdout, message } = error as { stdout?: string; message: string };
    throw new PackError(`the sources do not compile:\n${stdout?.trim() || message}`);
  }
};

interface NpmReport {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

const npmPack = async (folder: string, destination: string): Promise<PackedPackage> => {
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', destination], {
    cwd: folder,
    maxBuffer: 64 * 1_024 * 1_024,
  });
  const [report] = Object.values(JSON.parse(stdout) as Record<string, NpmReport>);
  if (report === undefined) throw new PackError('npm pack reports nothing');
  const { filename, size, unpackedSize, files } = report;
  return {
    tarball: join(destination, filename),
    sizeBytes: size,
    unpackedBytes: unpackedSize,
    files: files.map(({ path }) => path),
  };
};
