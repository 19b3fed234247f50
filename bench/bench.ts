/** `npm run bench`: Millrace and what users would pick instead, on the same events on one machine. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { runProgram } from '../localstack/program/run-program.ts';
import { parseBenchArguments, usage } from './compare/arguments.ts';
import { runBench } from './compare/run-bench.ts';
import { renderPlot } from './report/plot.ts';
import { startBenchProgress } from './report/progress.ts';
import { renderTables } from './report/tables.ts';

await runProgram(usage, parseBenchArguments(process.argv.slice(2)), async ({ results: folder, json, ...options }) => {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupt.abort());
  const results = await runBench(options, { signal: interrupt.signal, startProgress: startBenchProgress });
  mkdirSync(folder, { recursive: true });
  const document = `${JSON.stringify(results, null, 2)}\n`;
  writeFileSync(join(folder, 'latest.json'), document);
  const plot = await renderPlot(results);
  if (plot !== undefined) writeFileSync(join(folder, 'latest.svg'), plot);
  process.stdout.write(json ? document : `${renderTables(results)}\n\nwritten: ${relative('.', folder)}/latest.json\n`);
  const isRight = results.failed.length === 0 && results.rows.every(({ resultsEqual }) => resultsEqual !== false);
  return isRight ? 0 : 1;
});
