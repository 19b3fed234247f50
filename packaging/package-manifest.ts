/** What is read of the checkout's `package.json`. */
export interface CheckoutManifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly sideEffects: readonly string[];
  readonly exports: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** What a project brings itself, since it names it too: its schemas, its stacks. */
const peers: Readonly<Record<string, { readonly optional: boolean }>> = {
  zod: { optional: false },
  // Only for millrace/cdk.
  'aws-cdk-lib': { optional: true },
  constructs: { optional: true },
  esbuild: { optional: true },
  // Only for the engines of millrace/local.
  dynalite: { optional: true },
  'kinesis-local': { optional: true },
};

/** Types are stripped, and state is compressed with zstd: what Node can do both without a flag. */
const nodeRange = '>=22.18';

/**
 * The `package.json` of the package. That of the checkout names sources, which run as they are; Node loads no `.ts` from
 * `node_modules`, so the package names what was compiled from them.
 */
export const packageManifest = (checkout: CheckoutManifest) => {
  const { name, version, description, license, sideEffects, exports, bin, dependencies, devDependencies } = checkout;
  const tested = { ...devDependencies, ...dependencies };
  return {
    name,
    version,
    description,
    license,
    type: 'module',
    keywords: ['stream-processing', 'exactly-once', 'aws', 'kinesis', 'lambda', 'dynamodb', 'serverless', 'cdk'],
    engines: { node: nodeRange },
    exports: Object.fromEntries(Object.entries(exports).map(([subpath, source]) => [subpath, compiledEntry(source)])),
    bin,
    sideEffects,
    dependencies: Object.fromEntries(Object.entries(dependencies).filter(([dependency]) => !(dependency in peers))),
    peerDependencies: Object.fromEntries(Object.keys(peers).map((peer) => [peer, `^${tested[peer]}`])),
    peerDependenciesMeta: Object.fromEntries(
      Object.entries(peers).flatMap(([peer, { optional }]) => (optional ? [[peer, { optional }]] : [])),
    ),
  };
};

export type PackageManifest = ReturnType<typeof packageManifest>;

const compiledEntry = (source: string): string | { readonly types: string; readonly default: string } =>
  source.endsWith('.ts')
    ? { types: source.replace(/\.ts$/, '.d.ts'), default: source.replace(/\.ts$/, '.js') }
    : source;
