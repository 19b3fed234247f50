import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageProblems } from '../../packaging/check-package.ts';
import { type InstalledProject, installProject } from '../../packaging/install-project.ts';
import { type CheckoutManifest, packageManifest } from '../../packaging/package-manifest.ts';

let project: InstalledProject;

beforeAll(async () => {
  project = await installProject();
});

afterAll(() => {
  if (project !== undefined) rmSync(project.root, { recursive: true });
});

const checkout = JSON.parse(readFileSync('package.json', 'utf8')) as CheckoutManifest;

describe('the tarball', () => {
  it('has nothing that only a checkout needs', () => {
    const { files } = project.packed;
    expect(files).toContain('lib/index.js');
    expect(files.filter((file) => /^(test|bench|functions|localstack|packaging|console)\//.test(file))).toEqual([]);
    const sources = files.filter((file) => /\.ts$/.test(file) && !file.endsWith('.d.ts'));
    expect(sources.filter((file) => !file.startsWith('cli/templates/'))).toEqual([]);
  });

  it('is looked at before it is packed', async () => {
    const manifest = packageManifest(checkout);
    expect(await packageProblems(project.built, manifest)).toEqual([]);
    const { pbf: _, ...dependencies } = manifest.dependencies as Record<string, string>;
    const stray = join(project.built, 'lib/stray.test.js');
    writeFileSync(stray, `// ${process.cwd()}`);
    const exports = { ...manifest.exports, './gone': { types: './lib/gone.d.ts', default: './lib/gone.js' } };
    const problems = await packageProblems(project.built, { ...manifest, dependencies, exports });
    rmSync(stray);
    expect(problems).toEqual(
      expect.arrayContaining([
        'lib/stray.test.js is not for users',
        'lib/stray.test.js names this checkout',
        'package.json names ./lib/gone.js, which is not there',
        expect.stringMatching(/imports pbf, which is neither a dependency nor a peer/),
      ]),
    );
  });
});

describe('a project that has the package installed', () => {
  it('gets every export with its types, and types that hold by themselves', async () => {
    const subpaths = Object.keys(checkout.exports).filter((subpath) => subpath !== './package.json');
    const names = subpaths.map((subpath) => `millrace${subpath.slice(1)}`);
    writeFileSync(
      join(project.folder, 'exports.ts'),
      `${names.map((name, i) => `import * as e${i} from '${name}';`).join('\n')}
export const counts: readonly number[] = [${names.map((_, i) => `Object.keys(e${i}).length`).join(', ')}];
console.log(JSON.stringify(counts));
// @ts-expect-error: 'any' would pass here
e0.definePipeline(1);
`,
    );
    const { output } = await project.run('tsc', '--skipLibCheck', 'false', '--pretty', 'false');
    // CDK's own declarations do not hold under exactOptionalPropertyTypes.
    const errors = output
      .split('\n')
      .filter((line) => /error TS/.test(line) && !line.startsWith('node_modules/aws-cdk-lib/'));
    expect(errors).toEqual([]);
    const run = await project.run('node', 'exports.ts');
    expect(run.output).toMatch(/^\[\d+(,\d+){4}\]/);
    expect(JSON.parse(run.output.split('\n')[0] as string)).not.toContain(0);
  });

  it('tests its pipeline', async () => {
    const { exitCode, output } = await project.run('npm', 'test');
    expect({ exitCode, passes: output.includes('pass 1') }).toEqual({ exitCode: 0, passes: true });
  });

  it('has the command line', async () => {
    const { exitCode, output } = await project.run('npx', '--no', 'millrace', 'plan', 'pipeline.ts');
    expect({ exitCode, output }).toMatchObject({ exitCode: 0, output: expect.stringContaining('stage by-shop') });
  });

  it.each(['memory', 'embedded'])('runs its pipeline over a file on the %s engine', async (engine) => {
    const args = [
      'run',
      'pipeline.ts',
      '--input',
      'orders=orders.jsonl',
      '--output',
      `out-${engine}`,
      '--engine',
      engine,
    ];
    const { exitCode, output } = await project.run('npx', '--no', 'millrace', ...args);
    expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
    const rows = readFileSync(join(project.folder, `out-${engine}/turnover.jsonl`), 'utf8')
      .trim()
      .split('\n');
    expect(rows.map((row) => JSON.parse(row))).toContainEqual({
      shop: 'north',
      minute: 1_767_225_600_000,
      amountCents: 2_240,
      orders: 2,
    });
  });

  it('deploys on local engines, in Workers of its own', async () => {
    writeFileSync(
      join(project.folder, 'local.ts'),
      `import { deployLocally } from 'millrace/local';
import turnover from './pipeline.ts';

const deployment = await deployLocally(turnover, { entry: new URL('handler.ts', import.meta.url) });
await deployment.stop();
console.log('stopped');
`,
    );
    expect(await project.run('node', 'local.ts')).toMatchObject({ exitCode: 0, output: 'stopped\n' });
  });

  it('synthesizes its stack, with a bundle that loads by itself', async () => {
    const { exitCode, output } = await project.run('npm', 'run', 'synth');
    expect({ exitCode, output }).toMatchObject({ exitCode: 0, output: expect.stringContaining('turnover: about $') });
    const assembly = join(project.folder, 'cdk.out');
    const template = JSON.parse(readFileSync(join(assembly, 'Turnover.template.json'), 'utf8')) as {
      Resources: Record<string, { Type: string }>;
    };
    const types = Object.values(template.Resources).map(({ Type }) => Type);
    expect(types.filter((type) => type === 'AWS::Lambda::Function')).toHaveLength(2);
    const asset = readdirSync(assembly).find((name) => existsSync(join(assembly, name, 'index.mjs'))) as string;
    const alone = join(project.root, 'alone');
    mkdirSync(alone);
    for (const name of readdirSync(join(assembly, asset)))
      writeFileSync(join(alone, basename(name)), readFileSync(join(assembly, asset, name)));
    const script = `import { handler } from ${JSON.stringify(join(alone, 'index.mjs'))}; console.log(typeof handler);`;
    expect(await project.run('node', '--input-type=module', '--eval', script)).toMatchObject({
      exitCode: 0,
      output: 'function\n',
    });
  });
});
