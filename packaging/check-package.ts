import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, sep } from 'node:path';
import { build } from 'esbuild';
import type { PackageManifest } from './package-manifest.ts';

/** What a package may hold: compiled code and its declarations, the files of `millrace init`, and what is read by people. */
const allowed = [
  /^(lib|infra\/constructs|cli)\/.*(?<!\.test)\.(js|d\.ts)$/,
  /^cli\/templates\/project\/[^/]+$/,
  /^docs\/[^/]+\.md$/,
  /^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
];

/**
 * Looks for what would only be noticed where the package is installed.
 * @returns a line for each problem
 */
export const packageProblems = async (folder: string, manifest: PackageManifest): Promise<string[]> => {
  const files = filesOf(folder);
  return [
    ...missingTargets(folder, manifest),
    ...files.filter((file) => !allowed.some((pattern) => pattern.test(file))).map((file) => `${file} is not for users`),
    ...(await undeclaredPackages(folder, manifest, files)),
    ...files.filter((file) => read(folder, file).includes(process.cwd())).map((file) => `${file} names this checkout`),
    ...brokenLinks(folder, files),
  ];
};

export const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) =>
      join(parentPath, name)
        .slice(folder.length + 1)
        .replaceAll(sep, '/'),
    )
    .sort();

const read = (folder: string, file: string): string => readFileSync(join(folder, file), 'utf8');

const missingTargets = (folder: string, { exports, bin }: PackageManifest): string[] =>
  [...Object.values(exports), ...Object.values(bin)]
    .flatMap((target) => (typeof target === 'string' ? [target] : [target.types, target.default]))
    .filter((target) => !existsSync(join(folder, target)))
    .map((target) => `package.json names ${target}, which is not there`);

/** Imports of packages that nobody who installs this one needs to have; relative ones that lead nowhere are refused too. */
const undeclaredPackages = async (
  folder: string,
  { name, dependencies, peerDependencies }: PackageManifest,
  files: readonly string[],
): Promise<string[]> => {
  const declared = new Set([name, ...Object.keys(dependencies), ...Object.keys(peerDependencies), ...builtinModules]);
  const code = files.filter((file) => file.endsWith('.js') && !file.startsWith('cli/templates/'));
  const { metafile } = await build({
    absWorkingDir: folder,
    entryPoints: code,
    outdir: join(folder, 'unwritten'),
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const imports = [
    ...Object.entries(metafile.inputs).flatMap(([file, { imports }]) =>
      imports.filter(({ external }) => external === true).map(({ path }) => ({ file, path })),
    ),
    ...files
      .filter((file) => file.endsWith('.d.ts'))
      .flatMap((file) => packagesInDeclarations(read(folder, file)).map((path) => ({ file, path }))),
  ];
  return imports
    .filter(({ path }) => !declared.has(packageOf(path)))
    .map(({ file, path }) => `${file} imports ${path}, which is neither a dependency nor a peer`);
};

const packagesInDeclarations = (text: string): string[] =>
  [...withoutComments(text).matchAll(/(?:from|import\()\s*['"]([^.'"][^'"]*)['"]/g)].map(([, path]) => path as string);

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\//g, '');

const packageOf = (path: string): string => {
  const [first = '', second = ''] = path.replace(/^node:/, '').split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
};

/** There is nothing around a package that a link could lead to. */
const brokenLinks = (folder: string, files: readonly string[]): string[] =>
  files
    .filter((file) => file === 'README.md')
    .flatMap((file) =>
      [...read(folder, file).matchAll(/\]\((?!https?:|#)([^)#]+)/g)]
        .filter(([, link]) => !existsSync(join(folder, link as string)))
        .map(([, link]) => `${file} has a link to ${link}, which is not in the package`),
    );
