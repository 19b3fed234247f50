import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { layers } from '../../.dependency-cruiser.js';

/** What a formatter and a linter do not see: the shape of the tree. Rules with their reasons are in CONTRIBUTING.md. */

const root = join(import.meta.dirname, '../..');

const trackedFiles = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)));

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const textFiles = trackedFiles.filter(
  (path) => !/\.(gz|png|jpg|ico|zip|bin|zst)$/.test(path) && path !== 'package-lock.json',
);
const sources = trackedFiles.filter((path) => /\.(ts|js)$/.test(path));
const lib = sources.filter((path) => path.startsWith('lib/'));
const edges = ['lib/lambda/', 'lib/local/'];

/** Code without comments, so that prose may name what code may not do. */
const code = (path: string): string => read(path).replace(/\/\*[\s\S]*?\*\/|(?<![:'"`])\/\/.*$/gm, '');

const filesWith = (paths: readonly string[], pattern: RegExp, text: (path: string) => string = code): string[] =>
  paths.filter((path) => pattern.test(text(path)));

describe('the tree', () => {
  it('names files and folders in kebab-case', () => {
    const odd = sources.filter((path) => !/^(\.?[a-z0-9]+([.-][a-z0-9]+)*\/)*\.?[a-z0-9]+([.-][a-z0-9]+)*$/.test(path));
    expect(odd).toEqual([]);
  });

  it('has no barrel but the public entries', () => {
    const entries = Object.values<string>(JSON.parse(read('package.json')).exports).map((path) => path.slice(2));
    expect(lib.filter((path) => basename(path) === 'index.ts' && !entries.includes(path))).toEqual([]);
  });

  it('exports names one by one from the public entries', () => {
    expect(filesWith(lib, /^export \*/m)).toEqual([]);
  });

  it('keeps every file of lib under 400 lines', () => {
    expect(lib.filter((path) => read(path).split('\n').length > 400)).toEqual([]);
  });

  it('has an import rule for every folder of lib', () => {
    const folders = readdirSync(join(root, 'lib'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map(({ name }) => name).filter((name) => !(name in layers))).toEqual([]);
  });
});

describe('the decisions', () => {
  it('have a number each, and name it', () => {
    const decisions = trackedFiles.filter((path) => path.startsWith('docs/adr/'));
    const numbers = decisions.map((path) => basename(path).slice(0, 4));
    expect(numbers).toEqual([...new Set(numbers)]);
    expect(decisions.filter((path, i) => !read(path).startsWith(`# ${Number(numbers[i])}. `))).toEqual([]);
  });
});

describe('the engine', () => {
  const engine = lib.filter((path) => !edges.some((edge) => path.startsWith(edge)));

  it('does not write to the console', () => {
    expect(filesWith(engine, /\bconsole\.|\bprocess\.(stdout|stderr)\b/)).toEqual([]);
  });

  it('takes the time from its port', () => {
    const allowed = ['lib/core/clock.ts'];
    const clock = /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bprocess\.hrtime\b/;
    expect(filesWith(engine, clock).filter((path) => !allowed.includes(path))).toEqual([]);
  });

  it('takes randomness from its port', () => {
    const allowed = ['lib/core/random.ts'];
    const random = /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b|\bgetRandomValues\b/;
    expect(filesWith(engine, random).filter((path) => !allowed.includes(path))).toEqual([]);
  });

  it('does not read the environment', () => {
    expect(filesWith(engine, /\bprocess\.(env|argv|cwd)\b/)).toEqual([]);
  });
});

describe('the text', () => {
  // Put together here, so that this file does not contain what it forbids.
  const word = (...parts: string[]) => parts.join('');

  it('leaves nothing to do in comments: that is what issues are for', () => {
    expect(
      filesWith(textFiles, new RegExp(`\\b(${word('TO', 'DO')}|${word('FIX', 'ME')}|${word('X', 'XX')})\\b`), read),
    ).toEqual([]);
  });

  it('names no folder of anybody’s machine', () => {
    const absolute = new RegExp(`(^|[\\s'"\`(=])/(${['work', 'home', 'root', 'Users'].join('|')})/`, 'm');
    expect(filesWith(textFiles, absolute, read)).toEqual([]);
  });

  it('names no registry host', () => {
    const resolved = new RegExp(
      `"${word('resol', 'ved')}"|${word('_auth', 'Token')}|^\\s*@?[\\w-]*:?${word('regis', 'try')}\\s*=`,
      'm',
    );
    expect(filesWith([...textFiles, 'package-lock.json'], resolved, read)).toEqual([]);
  });

  it('has no test that keeps others from running', () => {
    const tests = sources.filter((path) => path.startsWith('test/'));
    const alone = new RegExp(`\\b(it|test|describe)\\.(${word('on', 'ly')}|${word('to', 'do')})\\b`);
    expect(filesWith(tests, alone)).toEqual([]);
  });

  it('skips a test only where its engine may be absent', () => {
    const others = sources.filter((path) => path.startsWith('test/') && !path.startsWith('test/integration/'));
    expect(filesWith(others, new RegExp(`\\.${word('sk', 'ip')}\\b`))).toEqual([]);
  });
});
