import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { AssetHashType, DockerImage, Stack } from 'aws-cdk-lib';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import type { BuildOptions, BuildResult } from 'esbuild';
import { MillraceError } from '../../lib/errors/millrace-error.ts';

/** What Lambda is told to call. */
export interface HandlerBundle {
  readonly code: AssetCode;
  readonly handler: string;
}

/** CommonJS in the bundle calls `require` for Node's own modules, which ES modules do not have. The long name meets no other. */
const requireBanner =
  "import{createRequire as millraceCreateRequire}from'node:module';const require=millraceCreateRequire(import.meta.url);";

const outputName = 'index';

/**
 * The bundle of a handler's module: ES modules, minified, with source maps; what is imported when it is needed (`await import(…)`)
 * stays in files of its own, so that a cold start does not parse it.
 *
 * The asset's hash is that of its content, and no path of this machine is in it: the same sources make the same bundle anywhere.
 *
 * @throws MillraceError `FILE_NOT_FOUND`, `BUNDLE_FAILED` (configuration)
 */
export const bundleHandler = (scope: Construct, entry: string, exportName: string): HandlerBundle => {
  const path = resolve(entry);
  if (!existsSync(path)) throw entryNotFound(entry);
  // Here, because CDK wraps what goes wrong in `tryBundle`. Not for a stack that is not asked for.
  const files = Stack.of(scope).bundlingRequired ? bundleOf(path, exportName) : [];
  const code = Code.fromAsset(dirname(path), {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never pulled: `tryBundle` does it all.
      image: DockerImage.fromRegistry('scratch'),
      local: {
        tryBundle: (outputDir: string) => {
          for (const { name, contents } of files) writeFileSync(join(outputDir, name), contents);
          return true;
        },
      },
    },
  });
  return { code, handler: `${outputName}.${exportName}` };
};

interface BundleFile {
  readonly name: string;
  readonly contents: Uint8Array;
}

const bundleOf = (entry: string, exportName: string): BundleFile[] => {
  const projectDir = process.cwd();
  const outdir = join(projectDir, 'bundle');
  const { outputFiles, metafile } = build({
    absWorkingDir: projectDir,
    entryPoints: { [outputName]: entry },
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
    banner: { js: requireBanner },
    logLevel: 'silent',
  });
  const { exports = [] } = metafile.outputs[`${basename(outdir)}/${outputName}.mjs`] ?? {};
  if (!exports.includes(exportName)) throw withoutExport(entry, exportName, exports);
  return outputFiles.map(({ path, contents }) => ({ name: relative(outdir, path), contents }));
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

const entryNotFound = (entry: string): MillraceError =>
  new MillraceError('input', 'FILE_NOT_FOUND', `The handler's module ${entry} does not exist.`, {
    fix: "Let 'entry' name it, as a path from the folder where cdk runs.",
    fields: { entry },
  });
