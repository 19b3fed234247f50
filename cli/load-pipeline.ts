import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describeValue } from '../lib/core/describe-value.ts';
import { MillraceError } from '../lib/errors/millrace-error.ts';
import type { Pipeline } from '../lib/graph/pipeline.ts';
import { importFailure } from './import-failure.ts';

/**
 * Imports a file whose default export is a pipeline.
 * @throws MillraceError `FILE_NOT_FOUND`, `NOT_A_PIPELINE`, and those of a wrong definition
 */
export const loadPipeline = async (file: string): Promise<Pipeline> => {
  const path = resolve(file);
  const found = await stat(path).catch(() => undefined);
  if (found?.isFile() !== true) throw notFound(file, found === undefined ? 'does not exist' : 'is no file');
  const exported = await importFile(file, path);
  if (isPipeline(exported.default)) return exported.default;
  throw notAPipeline(file, exported);
};

const importFile = async (file: string, path: string): Promise<Record<string, unknown>> => {
  try {
    return (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  } catch (error) {
    throw importFailure(file, error);
  }
};

/** By its shape: the file may use a copy of the library of its own. */
const isPipeline = (value: unknown): value is Pipeline => {
  const { name, graph, plan } = (value ?? {}) as Partial<Pipeline>;
  return typeof name === 'string' && graph?.nodes instanceof Map && plan?.formatVersion === 1;
};

const notFound = (file: string, why: string): MillraceError =>
  new MillraceError('input', 'FILE_NOT_FOUND', `The pipeline's file ${file} ${why}.`, {
    fix: 'Check the path: it is taken from the folder where the command runs.',
    fields: { file },
  });

const notAPipeline = (file: string, exported: Record<string, unknown>): MillraceError => {
  const named = Object.keys(exported).find((name) => isPipeline(exported[name]));
  const what = 'default' in exported ? `is ${describeExport(exported.default)}, not a pipeline` : 'is missing';
  const fix =
    named === undefined
      ? 'Export the pipeline as default: export default definePipeline(…)'
      : `It exports a pipeline as '${named}': export that one as default.`;
  return new MillraceError('input', 'NOT_A_PIPELINE', `The default export of ${file} ${what}.`, {
    fix,
    fields: { file, exports: Object.keys(exported) },
  });
};

const describeExport = (value: unknown): string => {
  if (typeof value === 'function')
    return value.name === 'default' ? 'a function' : `the function ${value.name || 'without name'}`;
  if (value instanceof Promise) return 'a promise';
  return describeValue(value);
};
