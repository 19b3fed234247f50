import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { AssetHashType, DockerImage, Stack } from 'aws-cdk-lib';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { MillraceError } from '../../lib/errors/millrace-error.ts';
import { type BundleOptions, buildBundle, bundleName } from './build-bundle.ts';

/** What Lambda is told to call. */
export interface HandlerBundle {
  readonly code: AssetCode;
  readonly handler: string;
}

/**
 * The bundle of a handler's module: ES modules, minified, with source maps, by which errors show lines of the sources. What is
 * imported when it is needed (`await import(…)`) stays in files of its own, so that a cold start does not parse it, and clients
 * that the pipeline has no use for are left out.
 *
 * The asset's hash is that of its content, and no path of this machine is in it: the same sources make the same bundle anywhere.
 *
 * @throws MillraceError `FILE_NOT_FOUND`, `BUNDLE_FAILED` (configuration)
 */
export const bundleHandler = (scope: Construct, options: BundleOptions): HandlerBundle => {
  const { entry, exportName } = options;
  const path = resolve(entry);
  if (!existsSync(path)) throw entryNotFound(entry);
  // Here, because CDK wraps what goes wrong in `tryBundle`. Not for a stack that is not asked for.
  const files = Stack.of(scope).bundlingRequired ? buildBundle({ ...options, entry: path }).files : [];
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
  return { code, handler: `${bundleName}.${exportName}` };
};

const entryNotFound = (entry: string): MillraceError =>
  new MillraceError('input', 'FILE_NOT_FOUND', `The handler's module ${entry} does not exist.`, {
    fix: "Let 'entry' name it, as a path from the folder where cdk runs.",
    fields: { entry },
  });
