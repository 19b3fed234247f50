import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

const millrace = (args: readonly string[], stdin = '', nodeOptions: readonly string[] = []): Promise<Ended> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, [...nodeOptions, 'cli/millrace.js', ...args], (error, out, err) => {
      resolve({ exitCode: typeof error?.code === 'number' ? error.code : 0, out, err });
    });
    child.stdin?.end(stdin);
  });

const plan = (name: string, content: string): Promise<Ended> => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return millrace(['plan', path]);
};

describe('the process', () => {
  it('reads standard input', async () => {
    const order = JSON.stringify({ id: '1', province: 'ZJ', amountCents: 5, at: 0 });
    const out = join(folder, 'out');
    const ended = await millrace(
      ['run', 'functions/revenue/pipeline.ts', '-i', 'orders=-', '-o', out, '--json'],
      order,
    );
    expect(ended).toMatchObject({ exitCode: 0, err: '' });
    expect(JSON.parse(ended.out)).toMatchObject({ records: 1, sinks: { table: { rows: 1 } } });
  });

  it('names the fix where Node does not strip types', async () => {
    const { exitCode, err } = await millrace(['--help'], '', ['--no-experimental-strip-types']);
    expect(exitCode).toBe(3);
    expect(err).toMatch(/^error NODE_TOO_OLD: .*\nfix: Use Node 22\.18 or newer/);
  });
});

describe('a file that is no pipeline', () => {
  it.each([
    ['a function', 'fn.ts', 'export default () => 1;', /The default export of .* is a function, not a pipeline/],
    ['another value', 'object.ts', 'export default { a: 1 };', /is \{"a":1\}, not a pipeline/],
    ['no default export', 'none.ts', 'export const a = 1;', /is missing/],
    ['a syntax error', 'syntax.ts', 'const a = 1;\nconst b = ;\n', /syntax error: .*\n {2}at .*syntax\.ts:2\n/],
    ['what Node cannot strip', 'enum.ts', 'enum A { B }', /enum is not supported[\s\S]*erasableSyntaxOnly/],
    ['a missing package', 'package.ts', "import 'no-such-package';", /npm install no-such-package/],
    ['code that throws', 'throws.ts', 'const a = 1;\nthrow new Error("no");', /Error: no \(at .*throws\.ts:2:7\)/],
    ['no code', 'data.json', '{}', /no TypeScript or JavaScript file/],
  ])('is refused: %s', async (_, name, content, message) => {
    const { exitCode, err } = await plan(name, content);
    expect(exitCode).toBe(2);
    expect(err).toMatch(/^error NOT_A_PIPELINE: /);
    expect(err).toMatch(message);
    expect(err).toMatch(/\nfix: .+\n$/);
  });

  it('keeps the code of a wrong definition, and tells its place', async () => {
    const library = new URL('../../../lib/index.ts', import.meta.url).href;
    const { exitCode, err } = await plan(
      'wrong.ts',
      `import { definePipeline } from '${library}';\nexport default definePipeline('a b', {}, () => {});`,
    );
    expect(exitCode).toBe(2);
    expect(err).toMatch(/^error INVALID_PIPELINE_NAME: .*wrong\.ts:2:\d+\)\nfix: /);
  });
});
