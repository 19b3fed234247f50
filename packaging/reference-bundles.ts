import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type BuiltBundle, buildBundle } from '../infra/constructs/build-bundle.ts';
import { unusedClients } from '../infra/constructs/unused-clients.ts';
import type { Pipeline } from '../lib/index.ts';

/** The bundle of a reference pipeline, on disk as it is deployed. */
export interface ReferenceBundle {
  readonly pipeline: string;
  readonly folder: string;
  /** Files that a cold start loads: the entry and what it imports. The others wait until they are needed. */
  readonly atStart: readonly string[];
  /** Bytes at the start, of each package and of each folder of our own. */
  readonly contents: ReadonlyMap<string, number>;
  /** Bytes of all code, what waits included. */
  readonly codeBytes: number;
}

const folder = '.millrace/bundles';

/** Bundles the handlers in `functions/`, as `StreamPipeline` does, into a folder for each. */
export const buildReferenceBundles = async (): Promise<ReferenceBundle[]> => {
  rmSync(folder, { recursive: true, force: true });
  const built = readdirSync('functions').map(async (pipeline): Promise<ReferenceBundle> => {
    const { default: defined } = (await import(`../functions/${pipeline}/pipeline.ts`)) as { default: Pipeline };
    const bundle = buildBundle({
      entry: `functions/${pipeline}/handler.ts`,
      exportName: 'handler',
      without: unusedClients(defined.plan, false),
    });
    const target = join(folder, pipeline);
    mkdirSync(target, { recursive: true });
    for (const { name, contents } of bundle.files) writeFileSync(join(target, name), contents);
    const atStart = filesAtStart(bundle);
    return {
      pipeline,
      folder: target,
      atStart: atStart.map((name) => join(target, name)),
      contents: contentsOf(bundle, atStart),
      codeBytes: Object.entries(bundle.outputs).reduce(
        (sum, [name, { bytes }]) => (name.endsWith('.map') ? sum : sum + bytes),
        0,
      ),
    };
  });
  return Promise.all(built);
};

const filesAtStart = ({ outputs }: BuiltBundle): string[] => {
  const found = new Set<string>();
  const follow = (name: string): void => {
    if (found.has(name)) return;
    found.add(name);
    for (const { path, kind, external } of outputs[name]?.imports ?? []) {
      if (external !== true && kind === 'import-statement') follow(basename(path));
    }
  };
  follow('index.mjs');
  return [...found];
};

const contentsOf = ({ outputs }: BuiltBundle, names: readonly string[]): ReadonlyMap<string, number> => {
  const bytes = new Map<string, number>();
  const add = (what: string, count: number) => bytes.set(what, (bytes.get(what) ?? 0) + count);
  for (const name of names) {
    const { inputs = {}, bytes: whole = 0 } = outputs[name] ?? {};
    let glue = whole;
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      add(ownerOf(path), bytesInOutput);
      glue -= bytesInOutput;
    }
    add('imports between the files', glue);
  }
  return new Map([...bytes].filter(([, count]) => count > 0).sort(([, a], [, b]) => b - a));
};

const ownerOf = (path: string): string =>
  /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path.split('/').slice(0, 2).join('/');
