/** Millrace: all stages of the work's pipeline, from Lambda's event object to the acknowledged commit. */
import type { Row } from '../works/work.ts';
import { workOf } from '../works/works.ts';
import { MeasuredJob } from './millrace/measured-job.ts';
import { makeItems, TrafficMeter } from './millrace/metered-stores.ts';
import type { MillraceOptions } from './millrace/options.ts';
import { runTrial, writeAnswer } from './run-trial.ts';

await runTrial<MillraceOptions>(async ({ work, eventsFile, warmUpFile, answerFile, options }) => {
  const runJob = async (table: string, file: string) => {
    const meter = new TrafficMeter();
    const { items, close } = await makeItems(options.dynamoEndpoint, table, meter.observe);
    const { pipeline, columns } = workOf(work);
    const rows: Row[] = [];
    const keepRow = (value: unknown) =>
      rows.push(columns.map((column) => (value as Record<string, number>)[column] as number));
    const job = new MeasuredJob(pipeline, options, items, meter, keepRow);
    await job.run(file);
    close();
    return { job, rows };
  };
  await runJob('warm-up', warmUpFile);
  const { job, rows } = await runJob('measured', eventsFile);
  writeAnswer(answerFile, rows);
  return { wallMs: job.wallMs, cpuMicros: job.cpuMicros, parts: job.parts, traffic: job.traffic };
});
