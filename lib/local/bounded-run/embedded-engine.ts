import { DynamoItemStore } from '../../aws/dynamo-item-store.ts';
import { KinesisStreams } from '../../aws/kinesis-streams.ts';
import { createStateTable, createStream } from '../engines/resources.ts';
import { startEngines } from '../engines/start-engines.ts';
import { packTogether } from './pack-lines.ts';
import type { RunEngine } from './run-engine.ts';

const tableName = 'millrace-state';

/** Streams and state in the embedded Kinesis and DynamoDB engines, through the same adapters as on AWS. */
export const startEmbeddedEngine = async (): Promise<RunEngine> => {
  const engines = await startEngines();
  const { kinesis, dynamo } = engines.clients;
  try {
    await createStateTable(dynamo, tableName);
  } catch (error) {
    await engines.stop();
    throw error;
  }
  return {
    items: new DynamoItemStore({ client: dynamo, tableName }),
    streams: new KinesisStreams({ client: kinesis }),
    pack: packTogether,
    packed: true,
    createStreams: async (names, shards) => {
      await Promise.all(names.map((name) => createStream(kinesis, name, shards)));
    },
    // The engine keeps its records for their retention: it cannot be told to let them go.
    forget: () => undefined,
    stop: () => engines.stop(),
  };
};
