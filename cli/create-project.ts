import { readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MillraceError } from '../lib/errors/millrace-error.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const templates = fileURLToPath(new URL('templates/project/', import.meta.url));

/** Of names that would mean something else in this repository, or be left out of a package. */
const suffix = '.template';

/**
 * Writes the template project into a folder.
 * @throws MillraceError `INVALID_ARGUMENT` where the folder has files
 */
export const createProject = async (
  dir: string,
): Promise<{ readonly name: string; readonly files: readonly string[] }> => {
  const target = resolve(dir);
  await requireEmpty(dir, target);
  const name = packageName(target);
  const values: Readonly<Record<string, string>> = { name, millrace: millraceDependency(target) };
  await mkdir(target, { recursive: true });
  const files: string[] = [];
  for (const template of (await readdir(templates)).sort()) {
    const text = await readFile(join(templates, template), 'utf8');
    const file = template === `gitignore${suffix}` ? '.gitignore' : template.replace(suffix, '');
    await writeFile(
      join(target, file),
      text.replace(/\{\{(\w+)\}\}/g, (_, key: string) => values[key] ?? ''),
    );
    files.push(file);
  }
  return { name, files };
};

const requireEmpty = async (dir: string, target: string): Promise<void> => {
  let found: string[];
  try {
    found = await readdir(target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw new MillraceError('input', 'INVALID_ARGUMENT', `${dir} cannot be a project: ${(error as Error).message}.`, {
      fix: 'Give a folder that is empty or does not exist yet.',
      cause: error,
    });
  }
  const files = found.filter((name) => name !== '.git');
  if (files.length === 0) return;
  throw new MillraceError(
    'input',
    'INVALID_ARGUMENT',
    `${dir} is not empty: it has ${files.slice(0, 3).join(', ')}${files.length > 3 ? ', …' : ''}.`,
    {
      fix: 'Give a folder that is empty or does not exist yet. Nothing was written.',
      fields: { dir },
    },
  );
};

/** npm wants lower case, and no other characters than these. */
const packageName = (target: string): string => {
  const name = basename(target)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return name === '' ? 'millrace-project' : name;
};

/** An installed Millrace is named by its version, a checkout by its place. */
const millraceDependency = (target: string): string => {
  if (root.includes(`${sep}node_modules${sep}`)) {
    return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
  }
  return `file:${relative(target, root) || '.'}`;
};
