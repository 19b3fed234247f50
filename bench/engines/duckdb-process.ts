/** DuckDB: one scan of the whole file, column by column, on all processors. The limit of what a batch can do. */

import { workOf } from '../works/works.ts';
import { peerPackage } from './peer-package.ts';
import { runTrial } from './run-trial.ts';
import { Stopwatch } from './stopwatch.ts';

interface DuckDb {
  readonly DuckDBInstance: {
    create(path: ':memory:'): Promise<{ connect(): Promise<{ run(sql: string): Promise<unknown> }> }>;
  };
}

const bidFields =
  'auction BIGINT, bidder BIGINT, price BIGINT, channel VARCHAR, url VARCHAR, date_time BIGINT, extra VARCHAR';

await runTrial(async ({ work, eventsFile, warmUpFile, answerFile }) => {
  const { DuckDBInstance } = peerPackage<DuckDb>('@duckdb/node-api');
  const database = await (await DuckDBInstance.create(':memory:')).connect();
  const { sql, columns } = workOf(work);
  const answer = (table: string, file: string) =>
    database.run(
      `CREATE TABLE ${table} AS WITH bid AS (SELECT unnest(Bid) FROM
        read_json('${file}', format = 'newline_delimited', columns = { Bid: 'STRUCT(${bidFields})' }) WHERE Bid IS NOT NULL)
        SELECT ${columns.join(', ')} FROM (${sql})`,
    );
  await answer('first', warmUpFile);
  const watch = new Stopwatch();
  await watch.measure(() => answer('answer', eventsFile));
  await database.run(`COPY answer TO '${answerFile}' (FORMAT csv, HEADER false)`);
  return { wallMs: watch.wallMs, cpuMicros: watch.cpuMicros };
});
