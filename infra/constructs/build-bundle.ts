import { createRequire } from 'node:module';
import { basename, extname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions, BuildResult, Metafile } from 'esbuild';
import { MillraceError } from '../../lib/errors/millrace-error.ts';
import type { OptionalClient } from '../../lib/lambda/left-out.ts';

export interface BundleOptions {
  readonly entry: string;
  /** What the module has to export. */
  readonly exportName: string;
  /** Clients that the pipeline has no use for. */
  readonly without: readonly OptionalClient[];
}

export interface BundleFile {
  readonly name: string;
  readonly contents: Uint8Array;
}

export interface BuiltBundle {
  /** The first one that is loaded is `index.mjs`. */
  readonly files: readonly BundleFile[];
  /** What is in them. */
  readonly outputs: Readonly<Record<string, Metafile['outputs'][string]>>;
}

/** Of the file that Lambda loads, without its ending. */
export const bundleName = 'index';

/** CommonJS in the bundle calls `require` for Node's own modules, which ES modules do not have. The long name meets no other. */
const requireBanner =
  "import{createRequire as millraceCreateRequire}from'node:module';const require=millraceCreateRequire(import.meta.url);";

const pathOf = (module: string): string =>
  fileURLToPath(new URL(`../../lib/${module}${extname(import.meta.url)}`, import.meta.url));

const stacksBySource = pathOf('lambda/stacks-by-source');
const functionCredentials = pathOf('aws/function-credentials');

/**
 * What is bundled: the handler's module, after the one that shows errors by their source, those while it is loaded too. Not by
 * esbuild's `inject`, which puts that before each module of every package, for 4 kB.
 */
const entryModule = (entry: string, exportName: string): string => {
  const exported = exportName === 'default' ? '{ default }' : '*';
  return `import ${JSON.stringify(stacksBySource)}; export ${exported} from ${JSON.stringify(resolve(entry))};`;
};

/**
 * Bundles a handler's module as {@link bundleHandler} says.
 * @throws MillraceError `BUNDLE_FAILED` (configuration)
 */
export const buildBundle = ({ entry, exportName, without }: BundleOptions): BuiltBundle => {
  const projectDir = process.cwd();
  const outdir = join(projectDir, 'bundle');
  const { outputFiles, metafile } = build({
    absWorkingDir: projectDir,
    stdin: { contents: entryModule(entry, exportName), resolveDir: projectDir },
    entryNames: bundleName,
    outdir,
    outExtension: { '.js': '.mjs' },
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // The packages' ES modules: what is not used of them is left out.
    mainFields: ['module', 'main'],
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'none',
    metafile: true,
    define: Object.fromEntries(
      without.map((client) => [`process.env.MILLRACE_WITHOUT_${client.toUpperCase()}`, '"yes"']),
    ),
    alias: { '@aws-sdk/credential-provider-node': functionCredentials },
    banner: { js: requireBanner },
    logLevel: 'silent',
  });
  const outputs = Object.fromEntries(
    Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output] as const),
  );
  const { exports = [] } = outputs[`${bundleName}.mjs`] ?? {};
  if (!exports.includes(exportName)) throw withoutExport(entry, exportName, exports);
  return { files: outputFiles.map(({ path, contents }) => ({ name: relative(outdir, path), contents })), outputs };
};

type Built = BuildResult<{ write: false; metafile: true }>;

const build = (options: BuildOptions & { write: false; metafile: true }): Built => {
  const { buildSync } = loadEsbuild();
  try {
    return buildSync(options);
  } catch (cause) {
    const [first] =
      (cause as { errors?: readonly { text: string; location?: { file: string; line: number } | null }[] }).errors ??
      [];
    const where = first?.location ? `${first.location.file}:${first.location.line}: ` : '';
    throw bundleFailed(
      `${where}${first?.text ?? (cause as Error).message}`,
      'Correct the module that is named.',
      cause,
    );
  }
};

/** An optional peer: only who deploys needs it. */
const loadEsbuild = (): typeof import('esbuild') => {
  try {
    return createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  } catch (cause) {
    throw bundleFailed('esbuild is not installed', 'npm install --save-dev esbuild', cause);
  }
};

const bundleFailed = (why: string, fix: string, cause: unknown): MillraceError =>
  new MillraceError('configuration', 'BUNDLE_FAILED', `The handler cannot be bundled: ${why}.`, { fix, cause });

const withoutExport = (entry: string, exportName: string, exports: readonly string[]): MillraceError =>
  new MillraceError(
    'configuration',
    'BUNDLE_FAILED',
    `${relative(process.cwd(), entry)} exports no '${exportName}'; its exports are: ${exports.join(', ') || 'none'}.`,
    {
      fix: `Add: export const ${exportName} = lambdaHandler(pipeline); or name the export with 'handler'.`,
      fields: { entry, exportName, exports },
    },
  );
