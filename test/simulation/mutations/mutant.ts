import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Mutation } from './mutation.ts';

const root = join(import.meta.dirname, '../../..');

/** @throws Error where a text to be replaced is not there exactly once: the table has to follow the code */
export const mutate = (source: string, { find, replace, file }: Mutation['patches'][number]): string => {
  const found = source.split(find).length - 1;
  if (found === 1) return source.replace(find, () => replace);
  throw new Error(`${file} has this text ${found} times, not once: ${find}`);
};

/** Applies the patches of a mutation to the sources under a folder. @returns the changed files */
export const patched = (mutation: Pick<Mutation, 'patches'>, folder = root): ReadonlyMap<string, string> => {
  const files = new Map<string, string>();
  for (const patch of mutation.patches) {
    const source = files.get(patch.file) ?? readFileSync(join(folder, patch.file), 'utf8');
    files.set(patch.file, mutate(source, patch));
  }
  return files;
};

/** A copy of what the simulator and the tests need, with a bug in it. Nothing of the checkout changes. `remove` deletes it. */
export const makeMutant = (
  mutation: Pick<Mutation, 'patches'>,
): { readonly folder: string; readonly remove: () => void } => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-mutant-'));
  for (const path of ['lib', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'])
    cpSync(join(root, path), join(folder, path), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  for (const [file, source] of patched(mutation)) writeFileSync(join(folder, file), source);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
};
