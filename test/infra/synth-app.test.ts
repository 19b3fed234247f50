import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { synthApp } from 'millrace/cdk';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { everySink } from './pipelines.ts';
import { deployIn, emptyStack } from './reference-stack.ts';

const folder = mkdtempSync(join(tmpdir(), 'millrace-app-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('an app whose stack is refused', () => {
  it('ends with two lines and exit code 1', () => {
    const file = join(folder, 'app.ts');
    const from = (path: string) => JSON.stringify(pathToFileURL(join(process.cwd(), path)).href);
    writeFileSync(
      file,
      `import { deployIn, emptyStack } from ${from('test/infra/reference-stack.ts')};
       import { everySink } from ${from('test/infra/pipelines.ts')};
       import { synthApp } from ${from('infra/constructs/index.ts')};
       synthApp(() => { deployIn(emptyStack(), everySink(), { shards: 0 }); });`,
    );
    const { status, stderr } = spawnSync(process.execPath, [file], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH },
    });
    expect(stderr).toMatch(/^error INVALID_OPTION: .*'shards' is 0.*\nfix: .*\n$/);
    expect(status).toBe(1);
  });

  it('shows the stack where cdk --debug asks for it', () => {
    vi.stubEnv('CDK_DEBUG', 'true');
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    synthApp(() => {
      deployIn(emptyStack(), everySink(), { shards: 0 });
    });
    expect(written.mock.calls.join('')).toMatch(/\n {4}at .*check-streams\.ts/);
    expect(exit).toHaveBeenCalledWith(1);
    vi.unstubAllEnvs();
  });
});

it('leaves errors of others as they are', () => {
  expect(() =>
    synthApp(() => {
      throw new Error('mine');
    }),
  ).toThrow('mine');
});
