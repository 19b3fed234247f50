import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.ts';
import { type PartName, parts } from './parts.ts';
import { runTool } from './run-tool.ts';

export interface InstallOptions {
  readonly signal?: AbortSignal;
  /** Told when a part begins to be installed and when it is there; not of parts that were there before. */
  readonly onPart?: (part: PartName, state: 'begins' | 'done') => void;
}

/**
 * Installs what is asked for into the user's cache, in parallel, unless it is there already.
 *
 * @returns the folder of each part
 * @throws MillraceError `TOOL_MISSING` before anything is done, `INSTALL_FAILED` (configuration)
 */
export const installParts = async <P extends PartName>(
  names: readonly P[],
  { signal, onPart }: InstallOptions = {},
): Promise<Readonly<Record<P, string>>> => {
  const places = await Promise.all(names.map(async (name) => ({ name, folder: await folderOf(name) })));
  const missing = places.filter(({ folder }) => !existsSync(folder));
  for (const { name } of missing) await parts[name].require();
  // When one fails the others stop: nobody waits for them.
  const failed = new AbortController();
  const stop = AbortSignal.any([failed.signal, ...(signal === undefined ? [] : [signal])]);
  let why: unknown;
  await Promise.all(
    missing.map(async ({ name, folder }) => {
      onPart?.(name, 'begins');
      try {
        await installPart(name, folder, stop);
        onPart?.(name, 'done');
      } catch (error) {
        why ??= error;
        failed.abort();
      }
    }),
  );
  if (why !== undefined) throw why;
  return Object.fromEntries(places.map(({ name, folder }) => [name, folder])) as Record<P, string>;
};

const root = (): string => join(cacheFolder(), 'localstack');

const folderOf = async (name: PartName): Promise<string> => {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const pin of parts[name].pins) hash.update(await readFile(pin));
  return join(root(), `${name}-${hash.digest('hex').slice(0, 12)}`);
};

/** Whole or not there at all: whoever else installs meanwhile does the same, and the first one stays. */
const installPart = async (name: PartName, folder: string, signal: AbortSignal): Promise<void> => {
  await mkdir(root(), { recursive: true });
  const growing = await mkdtemp(join(root(), `.${name}-`));
  const logFile = join(root(), `${name}.log`);
  await rm(logFile, { force: true });
  try {
    await parts[name].install(growing, (command, args) => runTool({ command, args, cwd: growing, logFile, signal }));
    await rename(growing, folder).catch((error) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(growing, { recursive: true, force: true });
  }
};
