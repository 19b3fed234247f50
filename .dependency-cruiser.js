/**
 * The architecture as rules: imports point one way (ARCHITECTURE.md). Type-only imports count, since a type
 * ties two modules together as much as a call does.
 */

/**
 * What each folder of lib may import from other folders of lib. A folder that is missing here fails the tidy test.
 * `mayAlso` names single files. Widen a line only with a reason in `why`.
 */
export const layers = {
  errors: { may: [], why: 'everything throws these errors, so they know nobody' },
  core: { may: ['errors'], why: 'the ground that all else stands on' },
  time: { may: ['core', 'errors'], why: 'event time is arithmetic; it needs no state and no streams' },
  windows: { may: ['time', 'core', 'errors'], why: 'an assigner maps a time to panes and keeps nothing' },
  aggregates: { may: ['core', 'errors'], why: 'an aggregate is a pure function over accumulators' },
  state: { may: ['core', 'errors'], why: 'the store port and keyed state do not know who uses them' },
  connectors: { may: ['time', 'core', 'errors'], why: 'ports and specs are descriptions, without an SDK' },
  graph: {
    may: ['connectors', 'windows', 'aggregates', 'time', 'core', 'errors'],
    mayAlso: ['state/state-layout'],
    why: 'nodes hold the specs, assigners and aggregates the user gave; nothing in the graph runs. Where state is stored is a part of the plan',
  },
  cost: {
    may: ['graph', 'windows', 'connectors', 'core', 'errors'],
    why: 'an estimate is reckoned from the plan alone',
  },
  dsl: {
    may: ['graph', 'connectors', 'windows', 'aggregates', 'time', 'core', 'errors'],
    why: 'building a pipeline has no side effects: CDK imports it at synth',
  },
  commit: {
    may: ['state', 'connectors', 'time', 'core', 'errors'],
    why: 'the protocol moves bytes and numbers; it knows neither operators nor windows',
  },
  operators: {
    may: ['graph', 'windows', 'aggregates', 'state', 'time', 'connectors', 'core', 'errors'],
    mayAlso: ['commit/outbox', 'commit/hop-rows'],
    why: 'operators compute on an overlay and hand back an outbox; nothing they do is visible before the commit',
  },
  observability: { may: ['core', 'errors'], why: 'a sink for facts, told by others' },
  runtime: {
    may: [
      'graph',
      'operators',
      'state',
      'commit',
      'connectors',
      'observability',
      'windows',
      'aggregates',
      'time',
      'core',
      'errors',
    ],
    why: 'the task loop works over ports, so that every adapter runs the same loop',
  },
  memory: { may: ['state', 'connectors', 'core', 'errors'], why: 'an adapter implements ports and nothing more' },
  aws: { may: ['state', 'connectors', 'core', 'errors'], why: 'an adapter implements ports and nothing more' },
  lambda: {
    may: ['runtime', 'aws', 'graph', 'connectors', 'state', 'commit', 'observability', 'core', 'errors'],
    why: 'the handler ties the loop to AWS',
  },
  local: {
    may: [
      'lambda',
      'runtime',
      'aws',
      'memory',
      'graph',
      'connectors',
      'state',
      'commit',
      'observability',
      'time',
      'core',
      'errors',
    ],
    why: 'the laptop runs the real handler over any adapter, and ends bounded input with the last watermark',
  },
  testing: {
    may: [
      'local',
      'memory',
      'runtime',
      'graph',
      'connectors',
      'state',
      'commit',
      'operators',
      'observability',
      'windows',
      'time',
      'core',
      'errors',
    ],
    why: 'the test driver is the executor with virtual time, on memory',
  },
};

const layerRules = Object.entries(layers).map(([folder, { may, mayAlso = [], why }]) => ({
  name: `layer-${folder}`,
  comment: `lib/${folder} may import ${[...may, ...mayAlso].join(', ') || 'nothing else of lib'}: ${why}.`,
  severity: 'error',
  from: { path: `^lib/${folder}/` },
  to: {
    path: '^lib/',
    pathNot: [`^lib/(${[folder, ...may].join('|')})/`, ...mayAlso.map((file) => `^lib/${file}\\.ts$`)],
  },
}));

/** Packages may be resolved to a file, or be named only: both spellings are caught. */
const packages = (...names) => names.map((name) => `(^|node_modules/)${name}(/|$)`);

export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'In a cycle no module can be understood, tested or moved alone.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'An import that resolves to nothing fails when it runs, perhaps only in the deployed bundle.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    ...layerRules,
    {
      name: 'public-surface',
      comment:
        'The main entry is what a pipeline is made of. Adapters and runners have subpaths of their own, so that a ' +
        'definition never pulls an SDK into a bundle.',
      severity: 'error',
      from: { path: '^lib/index\\.ts$' },
      to: { path: '^lib/(aws|memory|lambda|local|testing|runtime|commit|operators|observability)/' },
    },
    {
      name: 'entry-is-for-users',
      comment: 'Inside lib, import the file that has it: through the public entry everything depends on everything.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^lib/index\\.ts$' },
    },
    {
      name: 'lib-stands-alone',
      comment: 'lib is what is published. What only a checkout has cannot be imported there.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^(cli|functions|infra|localstack|console|bench|test)/' },
    },
    {
      name: 'sdk-in-aws-only',
      comment:
        'The protocol is proved on other adapters than the one that runs in production; that holds only while the SDK ' +
        'stays behind the ports. lib/local sets up engines with it, tests and benches look at what happened.',
      severity: 'error',
      from: { pathNot: '^(lib/(aws|local)|bench|test|localstack)/' },
      to: { path: packages('@aws-sdk', '@smithy') },
    },
    {
      name: 'middy-in-lambda-only',
      comment:
        'The loop runs in tests, in the simulator and on a laptop, where there is no Lambda to have middleware for.',
      severity: 'error',
      from: { pathNot: '^lib/lambda/' },
      to: { path: packages('@middy') },
    },
    {
      name: 'powertools-at-the-edge',
      comment: 'Powertools reads the environment and writes to the console, which the engine must never do.',
      severity: 'error',
      from: { pathNot: '^lib/(lambda|observability)/' },
      to: { path: packages('@aws-lambda-powertools') },
    },
    {
      name: 'cdk-in-infra-only',
      comment: 'CDK is a tool for deployment, 100 MB of it: nothing that runs may need it.',
      severity: 'error',
      from: { pathNot: '^(infra|test/(infra|e2e)|cli/templates)/' },
      to: { path: packages('aws-cdk-lib', 'constructs', 'cdk-nag') },
    },
    {
      name: 'engines-in-local-only',
      comment: 'The engines are started and stopped in one place, which sees that they end with their parent.',
      severity: 'error',
      from: { pathNot: '^lib/local/' },
      to: { path: packages('dynalite', 'kinesis-local') },
    },
    {
      name: 'protobuf-in-kpl-only',
      comment: 'Our own formats are our own; protobuf is read only where the producer library writes it.',
      severity: 'error',
      from: { pathNot: '^(lib/connectors/kpl|test)/' },
      to: { path: packages('pbf') },
    },
    {
      name: 'only-declared-packages-ship',
      comment: 'lib runs where development dependencies are not installed. The local engines alone are optional.',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/local/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'functions-use-the-public-surface',
      comment: 'functions/ is written as a user of Millrace would write it: what it needs has to be public.',
      severity: 'error',
      from: { path: '^functions/' },
      to: { path: '^(lib|cli|infra|test|bench|localstack)/', pathNot: '^lib/(|lambda/|testing/|local/)index\\.ts$' },
    },
    {
      name: 'queries-use-the-public-surface',
      comment: 'The NEXMark queries show that the public surface is enough for them.',
      severity: 'error',
      from: { path: '^bench/nexmark/q\\d+\\.ts$' },
      to: { path: '^lib/', pathNot: '^lib/index\\.ts$' },
    },
    {
      name: 'cli-above-the-engine',
      comment:
        'Commands read the plan and start runners. A command that needs the inside of the engine is a missing port.',
      severity: 'error',
      from: { path: '^cli/', pathNot: '^cli/templates/' },
      to: { path: '^lib/(dsl|operators|windows|aggregates|time)/|^(functions|infra|test|bench)/' },
    },
    {
      name: 'infra-reads-the-plan',
      comment:
        'What is deployed is said by the plan; constructs must not know how a stage computes. Of the runtime they know what ' +
        'a function is told by its environment, and what a mapping must be like.',
      severity: 'error',
      from: { path: '^infra/' },
      to: {
        path: '^(lib|cli|test|bench|localstack)/',
        pathNot:
          '^lib/(index\\.ts$|dsl/|graph/|cost/|core/|errors/|lambda/(deployment|left-out|time-budget)\\.ts$|runtime/guards\\.ts$)',
      },
    },
    {
      name: 'constructs-stand-alone',
      comment: 'infra/constructs is published as millrace/cdk, without the pipelines of this repository.',
      severity: 'error',
      from: { path: '^infra/constructs/' },
      to: { path: '^(functions|infra/app)' },
    },
    {
      name: 'nobody-imports-tests',
      comment: 'What tests share lives under test/; code that needs it would ship it.',
      severity: 'error',
      from: { pathNot: '^test/' },
      to: { path: '^test/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['node', 'import', 'types', 'default'] },
  },
};
