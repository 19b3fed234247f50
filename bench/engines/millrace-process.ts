/** Millrace: all stages of the work's pipeline, from Lambda's event object to the acknowledged commit. */
import { workOf } from '../works/works.ts';
import { MeasuredJob } from './millrace/measured-job.ts';
import { makeItems, TrafficMeter } from './millrace/metered-stores.ts';
import type { MillraceOptions } from './millrace/options.ts';
import { runTrial, writeAnswer } from './run-trial.ts';

await runTrial<MillraceOptions>(async ({ work, eventsFile, warmUpFile, answerFile, options }) => {
  const runJob = async (table: string, file: string) => {
    const meter = new TrafficMeter();
    const { items, close } = await makeItems(options.dynamoEndpoint, table, meter.observe);
    const job = new MeasuredJob(workOf(work), options, items, meter);
    await job.run(file);
    close();
    return job;
  };
  await runJob('warm-up', warmUpFile);
  const job = await runJob('measured', eventsFile);
  writeAnswer(answerFile, job.rows);
  return { wallMs: job.wallMs, cpuMicros: job.cpuMicros, parts: job.parts, traffic: job.traffic };
});
