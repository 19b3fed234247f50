/** A design that is written by hand: from Lambda's event object to the last acknowledged request. */
import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { createRowTable } from '../../lib/local/engines/resources.ts';
import { toLambdaEvent } from '../../lib/local/mapping/lambda-event.ts';
import { readLines } from '../events/read-lines.ts';
import type { Row } from '../works/work.ts';
import { batchesOf } from './batches.ts';
import { originOf } from './event-origin.ts';
import { countTraffic } from './hand-written/count-traffic.ts';
import { designs, type HandWrittenOptions } from './hand-written/designs.ts';
import { localClients } from './local-clients.ts';
import { runTrial, writeAnswer } from './run-trial.ts';
import { Stopwatch } from './stopwatch.ts';

const makeTables = async (client: DynamoDBClient, prefix: string) => {
  const tables = { counts: `${prefix}-counts`, seen: `${prefix}-seen` };
  await createRowTable(client, tables.counts, [
    { name: 'auction', type: 'number' },
    { name: 'startMs', type: 'number' },
  ]);
  await createRowTable(client, tables.seen, [{ name: 'id', type: 'string' }]);
  return tables;
};

const rowsOf = async (client: DynamoDBClient, table: string): Promise<readonly Row[]> => {
  const rows: Row[] = [];
  for await (const { Items = [] } of paginateScan({ client }, { TableName: table })) {
    for (const { auction, startMs, bids } of Items)
      rows.push([auction, startMs, bids].map((value) => Number(value?.N)));
  }
  return rows;
};

await runTrial<HandWrittenOptions>(async ({ eventsFile, warmUpFile, answerFile, options }) => {
  const { dynamo: client, destroy } = localClients(options.dynamoEndpoint);
  const run = async (prefix: string, file: string) => {
    const tables = await makeTables(client, prefix);
    const traffic = countTraffic(client);
    const watch = new Stopwatch();
    const handler = designs[options.design]({ client, ...tables });
    let sequence = 0;
    for (const { entries } of batchesOf(readLines(file), { batch: options.batch, records: 'plain' })) {
      const records = entries.map((entry) => ({ ...entry, sequenceNumber: String(++sequence), arrivalMs: 0 }));
      const event = toLambdaEvent(records, originOf('events'));
      await watch.measure(() => handler(event));
    }
    return {
      counts: tables.counts,
      measured: { wallMs: watch.wallMs, cpuMicros: watch.cpuMicros, traffic: { ...traffic(), events: sequence } },
    };
  };
  await run('warm-up', warmUpFile);
  const { counts, measured } = await run('measured', eventsFile);
  writeAnswer(answerFile, await rowsOf(client, counts));
  destroy();
  return measured;
});
