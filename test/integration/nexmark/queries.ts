import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Pipeline } from '../../../lib/graph/pipeline.ts';
import { type RunEngineName, runBounded } from '../../../lib/local/bounded-run/run-bounded.ts';

export const queries = ['q0', 'q1', 'q2', 'q5', 'q7', 'q11', 'q14', 'q20', 'q21', 'q22'] as const;

export type QueryName = (typeof queries)[number];

export interface QueryRun {
  readonly query: QueryName;
  readonly events: string;
  readonly outputDir: string;
  readonly engine?: RunEngineName;
  readonly shards?: number;
}

/** Runs a query over a file of events. @returns its rows, in a form that can be compared */
export const runQuery = async ({ query, events, outputDir, engine = 'memory', shards = 1 }: QueryRun) => {
  const module = (await import(`../../../bench/nexmark/${query}.ts`)) as { default: Pipeline };
  const folder = join(outputDir, `${query}-${engine}`);
  const summary = await runBounded(module.default, { inputs: { events }, outputDir: folder, engine, shards });
  return { summary, rows: canonical(readJsonl(join(folder, 'out.jsonl'))) };
};

/** The values of a JSONL file, gzip or not. */
export const readJsonl = (path: string): readonly unknown[] => {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
};

/** Rows as sorted texts with sorted fields: equal sets of rows, however often each is there, are equal lists. */
export const canonical = (rows: readonly unknown[]): readonly string[] =>
  rows
    .map((row) =>
      JSON.stringify(Object.fromEntries(Object.entries(row as object).sort(([a], [b]) => (a < b ? -1 : 1)))),
    )
    .sort();
