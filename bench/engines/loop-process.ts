/** The plain loop: JSON.parse and a Map. No types are checked, nothing survives the process. */
import { readLines } from '../events/read-lines.ts';
import type { MarketEvent } from '../works/market-event.ts';
import type { Row, Work } from '../works/work.ts';
import { workOf } from '../works/works.ts';
import { runTrial, writeAnswer } from './run-trial.ts';
import { Stopwatch } from './stopwatch.ts';

const loopOver = (work: Work, eventsFile: string): readonly Row[] => {
  const loop = work.makeLoop();
  for (const lines of readLines(eventsFile)) for (const line of lines) loop.add(JSON.parse(line) as MarketEvent);
  return loop.finish();
};

await runTrial(async ({ work, eventsFile, warmUpFile, answerFile }) => {
  loopOver(workOf(work), warmUpFile);
  const watch = new Stopwatch();
  const rows = await watch.measure(() => loopOver(workOf(work), eventsFile));
  writeAnswer(answerFile, rows);
  return { wallMs: watch.wallMs, cpuMicros: watch.cpuMicros };
});
