import { join } from 'node:path';
import { startEngineProcess } from '../../lib/local/engines/engine-process.ts';
import { startDynamoDbLocal } from '../../localstack/host/dynamodb-local.ts';
import { findJava } from '../../localstack/host/find-tools.ts';
import type { WorkId } from '../works/work.ts';
import { works } from '../works/works.ts';
import type { BatchOptions } from './batches.ts';
import type { Engine } from './engine.ts';
import type { DesignName, HandWrittenOptions } from './hand-written/designs.ts';
import type { MillraceOptions } from './millrace/options.ts';
import { peersFolder } from './peer-package.ts';
import { runNodeProcess, runProgramProcess } from './start-process.ts';

const allWorks: readonly WorkId[] = works.map(({ id }) => id);

/** The one whose answers the others' are compared with. */
export const plainLoop: Engine = {
  name: 'loop',
  works: allWorks,
  needs: [],
  run: (trial, signal) => runNodeProcess('loop-process.ts', { ...trial, options: {} }, signal),
};

/** By other means than a loop: it checks the loop. */
export const duckDb: Engine = {
  name: 'duckdb',
  works: allWorks,
  needs: ['packages'],
  run: (trial, signal) => runNodeProcess('duckdb-process.ts', { ...trial, options: {} }, signal),
};

const opened = ['java.lang', 'java.util', 'java.time'];

const flink = (name: string, backend: string): Engine => ({
  name: `flink/${name}`,
  works: allWorks,
  needs: ['flink'],
  run: async ({ work, warmUpFile, eventsFile, answerFile }, signal) => {
    const { java } = await findJava(process.env, 'Flink');
    const target = join(peersFolder, 'flink/target');
    const args = [
      '-Xmx2g',
      ...opened.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`),
      '-cp',
      [join(target, 'classes'), join(target, 'jars/*')].join(':'),
      'millrace.bench.Main',
    ];
    return runProgramProcess(java, [...args, work, backend, warmUpFile, eventsFile, answerFile], signal);
  },
});

type Setting = BatchOptions & { readonly store: 'memory' | 'dynamodb'; readonly containers?: number };

const millrace = ({ store, records, batch, containers = 1 }: Setting, works: readonly WorkId[]): Engine => ({
  name: `millrace/${store}/${records}/${batch}${containers === 1 ? '' : `/${containers}-containers`}`,
  works,
  needs: [],
  run: (trial, signal) => {
    const run = (options: MillraceOptions) => runNodeProcess('millrace-process.ts', { ...trial, options }, signal);
    const options = { records, batch, containers };
    if (store === 'memory') return run(options);
    return withEmbeddedDynamo((dynamoEndpoint) => run({ ...options, dynamoEndpoint }));
  },
});

const handWritten = (design: DesignName, engine: 'embedded' | 'dynamodb-local'): Engine => ({
  name: `by-hand/${design}`,
  works: ['tumbling'],
  needs: engine === 'dynamodb-local' ? ['dynamodb-local'] : design === 'idempotent-update' ? ['packages'] : [],
  mostEvents: 20_000,
  run: (trial, signal) => {
    const withDynamo = engine === 'embedded' ? withEmbeddedDynamo : withDynamoDbLocal;
    return withDynamo((dynamoEndpoint) => {
      const options: HandWrittenOptions = { design, batch: 500, dynamoEndpoint };
      return runNodeProcess('hand-written-process.ts', { ...trial, options }, signal);
    });
  },
});

const withEmbeddedDynamo = async <T>(use: (endpoint: string) => Promise<T>): Promise<T> => {
  const { port, stop } = await startEngineProcess('dynamo', 0);
  return use(`http://127.0.0.1:${port}`).finally(stop);
};

const withDynamoDbLocal = async <T>(use: (endpoint: string) => Promise<T>): Promise<T> => {
  const { endpoint, stop } = await startDynamoDbLocal();
  return use(endpoint).finally(stop);
};

const batches = [500, 2_000, 10_000];
/** The batch with which everything is measured; the others only with the first work. */
const usualBatch = 2_000;

const millraces = (['memory', 'dynamodb'] as const).flatMap((store) =>
  (['plain', 'kpl'] as const).flatMap((records) =>
    batches.map((batch) => millrace({ store, records, batch }, batch === usualBatch ? allWorks : ['tumbling'])),
  ),
);

/** All engines in all their settings, in the order of the tables. */
export const engines: readonly Engine[] = [
  plainLoop,
  duckDb,
  flink('heap', 'hashmap'),
  flink('rocksdb', 'rocksdb'),
  ...millraces,
  millrace({ store: 'memory', records: 'plain', batch: usualBatch, containers: 3 }, ['tumbling']),
  handWritten('update-per-record', 'embedded'),
  handWritten('update-per-key', 'embedded'),
  handWritten('idempotent-update', 'embedded'),
  handWritten('transaction-per-record', 'dynamodb-local'),
];
