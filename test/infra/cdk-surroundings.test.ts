import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'millrace-cdk-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As `docs/deploying.md` says, with the app that `cdk.json` names. An endpoint where nobody listens: nothing can reach AWS. */
const cdk = (args: readonly string[], env: Readonly<Record<string, string>>) =>
  spawnSync('node_modules/.bin/cdk', [...args, '--output', folder, '--no-notices', '--no-color'], {
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
      AWS_REGION: 'us-east-1',
      CDK_DISABLE_CLI_TELEMETRY: 'true',
      ...env,
    },
  });

describe('cdk deploy on a machine without Docker and without credentials', () => {
  it('bundles all the same, and ends with the line that docs/deploying.md explains', { timeout: 180_000 }, () => {
    const { status, stderr } = cdk(['deploy'], { CDK_DOCKER: '/nowhere/docker' });
    expect(stderr).toContain('Bundling asset');
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^Unable to resolve AWS account to use\./);
    expect(status).toBe(1);
  });
});
