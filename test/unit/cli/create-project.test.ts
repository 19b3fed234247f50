import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProject } from '../../../cli/create-project.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-init-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const readPackage = (path: string) =>
  JSON.parse(readFileSync(path, 'utf8')) as {
    name: string;
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  };

describe('a new project', () => {
  it('has a pipeline, its test, input for it, and nothing left of the templates', async () => {
    const { name, files } = await createProject(join(folder, 'My Shop'));
    expect(name).toBe('my-shop');
    expect(files).toEqual(
      expect.arrayContaining([
        '.gitignore',
        'app.ts',
        'cdk.json',
        'handler.ts',
        'README.md',
        'orders.jsonl',
        'package.json',
        'pipeline.test.ts',
        'pipeline.ts',
      ]),
    );
    for (const file of files) expect(readFileSync(join(folder, 'My Shop', file), 'utf8')).not.toContain('{{');
  });

  it('depends on the versions that Millrace is tested with', async () => {
    await createProject(join(folder, 'shop'));
    const made = readPackage(join(folder, 'shop/package.json'));
    const ours = readPackage('package.json');
    expect(made.name).toBe('shop');
    expect(made.dependencies.zod).toBe(ours.dependencies.zod);
    for (const [name, version] of Object.entries(made.devDependencies))
      expect(ours.devDependencies[name]).toBe(version);
    expect(made.dependencies.millrace).toMatch(/^file:\.\./);
  });

  it('is made in an empty folder only', async () => {
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    await expect(createProject(folder)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(readFileSync(join(folder, 'notes.txt'), 'utf8')).toBe('mine');
  });
});
