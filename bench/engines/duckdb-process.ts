/** DuckDB: a scan of the whole file for each of its tables, column by column, on all processors. The limit of what a batch can do. */

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
const auctionFields = 'id BIGINT, category BIGINT, seller BIGINT, date_time BIGINT';

/** The events of one kind. What a query does not name is not read. */
const eventsIn = (file: string, kind: string, fields: string): string =>
  `(SELECT unnest(${kind}) FROM read_json('${file}', format = 'newline_delimited', columns = { ${kind}: 'STRUCT(${fields})' })
    WHERE ${kind} IS NOT NULL)`;

await runTrial(async ({ work, eventsFile, warmUpFile, answerFile }) => {
  const { DuckDBInstance } = peerPackage<DuckDb>('@duckdb/node-api');
  const database = await (await DuckDBInstance.create(':memory:')).connect();
  const { sql, columns } = workOf(work);
  const answer = (table: string, file: string) =>
    database.run(
      `CREATE TABLE ${table} AS WITH bid AS ${eventsIn(file, 'Bid', bidFields)}, auction AS ${eventsIn(file, 'Auction', auctionFields)}
        SELECT ${columns.join(', ')} FROM (${sql})`,
    );
  await answer('first', warmUpFile);
  const watch = new Stopwatch();
  await watch.measure(() => answer('answer', eventsFile));
  await database.run(`COPY answer TO '${answerFile}' (FORMAT csv, HEADER false)`);
  return { wallMs: watch.wallMs, cpuMicros: watch.cpuMicros };
});
