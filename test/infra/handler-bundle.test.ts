import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { App, Stack } from 'aws-cdk-lib';
import type { Pipeline } from 'millrace';
import { StreamPipeline } from 'millrace/cdk';
import { afterAll, describe, expect, it } from 'vitest';
import revenue from '../../functions/revenue/pipeline.ts';
import { buildBundle } from '../../infra/constructs/build-bundle.ts';
import { unusedClients } from '../../infra/constructs/unused-clients.ts';
import outlets from '../integration/embedded/outlets-pipeline.ts';
import { entry, synthesize } from './reference-stack.ts';

const folders: string[] = [];
const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bundle-'));
  folders.push(folder);
  return folder;
};
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** Synthesizes with bundling, as `cdk synth` does. */
const assetsOf = (pipeline: Pipeline = revenue, handler = entry): string[] => {
  const outdir = temporaryFolder();
  const stack = new Stack(new App({ outdir }), 'Bundled');
  new StreamPipeline(stack, 'Pipeline', { pipeline, entry: handler });
  const { directory } = stack.node.root instanceof App ? stack.node.root.synth() : { directory: outdir };
  return readdirSync(directory)
    .filter((name) => name.startsWith('asset.'))
    .map((name) => join(directory, name));
};

describe('the bundle of a handler', () => {
  const assets = assetsOf();
  const bundle = assets[0] as string;

  it('is one for all stages', () => {
    expect(assets).toHaveLength(1);
  });

  it('loads without anything installed beside it, and asks for its environment', () => {
    const invocation = `
      import { handler } from ${JSON.stringify(pathToFileURL(join(bundle, 'index.mjs')).href)};
      await handler({ millrace: 'tick' }, { getRemainingTimeInMillis: () => 30_000 }).catch(({ code, message }) =>
        process.stderr.write(code + ': ' + message));`;
    const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', invocation], {
      encoding: 'utf8',
      env: {},
    });
    expect(stderr).toContain(
      'DEPLOYMENT_INVALID: Environment variable MILLRACE_STAGE is not set; allowed: orders, by-province',
    );
  });

  it('looks for credentials in its environment, and brings nothing to look elsewhere', () => {
    const { outputs } = buildBundle({ entry, exportName: 'handler', without: unusedClients(revenue.plan, false) });
    const sources = Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs));
    const packages = new Set(
      sources.flatMap((source) => /@(?:aws-sdk|smithy)\/credential-provider-[a-z]+/.exec(source) ?? []),
    );
    expect([...packages]).toEqual(['@aws-sdk/credential-provider-env']);
  });

  it('has source maps that name the sources, and no path of this machine', () => {
    const files = readdirSync(bundle);
    expect(files).toContain('index.mjs.map');
    const map = JSON.parse(readFileSync(join(bundle, 'index.mjs.map'), 'utf8')) as { sources: string[] };
    expect(map.sources).toContain('../functions/revenue/pipeline.ts');
    for (const file of files) expect(readFileSync(join(bundle, file), 'utf8')).not.toContain(process.cwd());
  });

  it('is without the clients that its pipeline has no use for', () => {
    for (const file of readdirSync(bundle))
      expect(readFileSync(join(bundle, file), 'utf8')).not.toMatch(/SendMessageBatch|ListObjectsV2/);
  });

  it('has the clients of its sinks in files of their own', () => {
    const [outletsBundle = ''] = assetsOf(outlets, 'test/integration/embedded/outlets-handler.ts');
    for (const client of ['sqs-queue', 's3-objects'])
      expect(readdirSync(outletsBundle).some((file) => file.startsWith(`${client}-`))).toBe(true);
    expect(readFileSync(join(outletsBundle, 'index.mjs'), 'utf8')).not.toContain('SendMessageBatch');
  });

  it('has the client of the bucket for large payloads', () => {
    const { files } = buildBundle({ entry, exportName: 'handler', without: unusedClients(revenue.plan, true) });
    expect(files.some(({ name }) => name.startsWith('s3-blobs-'))).toBe(true);
  });

  it('is the same wherever it is made', () => {
    const nameOf = (path: string | undefined) => path?.slice(path.lastIndexOf('asset.'));
    expect(nameOf(assetsOf()[0])).toBe(nameOf(bundle));
  });
});

describe('an error that a bundle throws', () => {
  const thrower = `interface Order {
  readonly id: string;
}
const fail = ({ id }: Order) => {
  throw new TypeError(id);
};
`;

  /** In a folder of its own. */
  const bundleOf = (source: string): string => {
    const folder = temporaryFolder();
    const file = join(folder, 'handler.ts');
    writeFileSync(file, thrower + source);
    for (const { name, contents } of buildBundle({ entry: file, exportName: 'handler', without: [] }).files)
      writeFileSync(join(folder, name), contents);
    return folder;
  };

  const stackOf = (folder: string): string => {
    const invocation = `import(${JSON.stringify(pathToFileURL(join(folder, 'index.mjs')).href)})
      .then(({ handler }) => handler('1')).catch(({ stack }) => process.stdout.write(stack));`;
    return spawnSync(process.execPath, ['--eval', invocation], { encoding: 'utf8', env: {} }).stdout;
  };

  it('has a stack that names the lines of the sources', () => {
    const stack = stackOf(bundleOf('export const handler = async (id: string) =>\n  fail({ id });'));
    expect(stack).toMatch(/^TypeError: 1\n.*\/handler\.ts:5:9\)\n.*\/handler\.ts:8:3\)\n/);
  });

  it('has it while the bundle is loaded', () => {
    const stack = stackOf(bundleOf("export const handler = fail({ id: 'on import' });"));
    expect(stack).toMatch(/^TypeError: on import\n.*\/handler\.ts:5:9\)\n.*\/handler\.ts:7:24\b/);
  });

  it('has one that names the bundle where its map is missing', () => {
    const folder = bundleOf('export const handler = async (id: string) =>\n  fail({ id });');
    rmSync(join(folder, 'index.mjs.map'));
    expect(stackOf(folder)).toMatch(/^TypeError: 1\n.*\/index\.mjs:\d/);
  });
});

describe('a handler that cannot be bundled', () => {
  it('is refused where its module is missing', () => {
    expect(() => synthesize({ entry: 'functions/revenue/handlr.ts' })).toThrow(
      expect.objectContaining({ code: 'FILE_NOT_FOUND', message: expect.stringContaining('handlr.ts') }),
    );
  });

  const bundling = (source: string, handler = 'handler') => {
    const file = join(temporaryFolder(), 'handler.ts');
    writeFileSync(file, source);
    const stack = new Stack(new App({ outdir: temporaryFolder() }), 'Bundled');
    new StreamPipeline(stack, 'Revenue', { pipeline: revenue, entry: file, handler });
  };

  it('is refused where its module does not compile, with the line', () => {
    expect(() => bundling('export const handler = ;')).toThrow(
      expect.objectContaining({ code: 'BUNDLE_FAILED', message: expect.stringMatching(/handler\.ts:1: /) }),
    );
  });

  it('is refused where the export has another name, with those that are there', () => {
    expect(() => bundling('export const main = () => 1;')).toThrow(
      expect.objectContaining({ code: 'BUNDLE_FAILED', message: expect.stringContaining('its exports are: main') }),
    );
    expect(() => bundling('export const main = () => 1;', 'main')).not.toThrow();
  });
});
