import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findJava, findPython, requirePlatform, requireTools } from '../../../localstack/host/find-tools.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-tools-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program that prints one line and ends. */
const program = async (name: string, line: string, code = 0): Promise<string> => {
  const path = join(folder, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, `#!/bin/sh\necho '${line}'\nexit ${code}\n`);
  await chmod(path, 0o755);
  return path;
};

describe('Python', () => {
  it('is the one that MILLRACE_PYTHON names, if it fits', async () => {
    const python = await program('python', '3.13');
    expect(await findPython({ MILLRACE_PYTHON: python })).toBe(python);
  });

  it.each([
    ['another version', '3.12', 0],
    ['one without venv', '3.13', 1],
  ])('that is %s is refused with the fix', async (_what, line, code) => {
    const python = await program('python', line, code);
    await expect(findPython({ MILLRACE_PYTHON: python })).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      kind: 'configuration',
      message: `LocalStack needs Python 3.13 with venv: MILLRACE_PYTHON is ${python}.`,
      fix: expect.stringContaining('pyenv install 3.13'),
    });
  });

  it('is found among the versions of pyenv, the newest first', async () => {
    await program('versions/3.13.0/bin/python3', '3.13');
    const newest = await program('versions/3.13.2/bin/python3', '3.13');
    await program('versions/3.14.1/bin/python3', '3.14');
    const found = await findPython({ PYENV_ROOT: folder });
    expect([newest, 'python3.13']).toContain(found);
  });
});

describe('Java', () => {
  it('is taken from JAVA_HOME, compiler and all', async () => {
    await program('bin/java', 'openjdk 21');
    await program('bin/javac', 'javac 21.0.5');
    const { java, javac } = await findJava({ JAVA_HOME: folder });
    expect([java, javac]).toEqual([join(folder, 'bin/java'), join(folder, 'bin/javac')]);
  });

  it('that is too old is refused with the fix', async () => {
    await program('bin/java', 'openjdk 11');
    await program('bin/javac', 'javac 11.0.2');
    await expect(findJava({ JAVA_HOME: folder })).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: `DynamoDB Local needs a JDK, 17 or newer: in JAVA_HOME (${folder}) is 11.`,
      fix: expect.stringContaining('apt install openjdk-17-jdk-headless'),
    });
  });

  it('that is not there is told apart', async () => {
    await expect(findJava({ JAVA_HOME: folder })).rejects.toMatchObject({
      message: expect.stringContaining('there is none in JAVA_HOME'),
    });
  });
});

describe('other programs', () => {
  it('are named when they are missing, with how they come', async () => {
    const cmake = await program('cmake', 'cmake 3');
    const missing = join(folder, 'no-such-program');
    await expect(
      requireTools([
        [cmake, 'apt install cmake'],
        [missing, 'apt install it'],
      ]),
    ).rejects.toMatchObject({
      code: 'TOOL_MISSING',
      message: `There is no ${missing}, which the installation needs.`,
      fix: 'Install it (apt install it).',
    });
  });

  it('do not make macOS do', () => {
    expect(() => requirePlatform('darwin')).toThrow('Linux only; this is darwin');
    expect(() => requirePlatform('linux')).not.toThrow();
  });
});
