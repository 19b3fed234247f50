import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const scenarios = readdirSync(join(root, 'test/e2e/scenarios')).map((name) => `test/e2e/scenarios/${name}`);

const files: Readonly<Record<string, string | readonly string[]>> = {
  M: 'test/unit/local/event-source-mapping.test.ts',
  F: 'test/unit/local/mapping-failures.test.ts',
  D: 'test/unit/local/batch-delivery.test.ts',
  C: 'test/unit/local/filter-criteria.test.ts',
  O: 'test/unit/local/mapping-options.test.ts',
  E: 'test/unit/local/lambda-event.test.ts',
  S: 'test/unit/local/mapping-schedules.test.ts',
  W: 'test/integration/local/worker-containers.test.ts',
  K: 'test/integration/local/embedded-mapping.test.ts',
  V: ['test/unit/lambda/seen-mapping.test.ts', 'test/unit/lambda/events.test.ts'],
  A: 'test/integration/adapters/aws-suite.ts',
  X: scenarios,
};
const textOf = (letter: string): string => [files[letter] ?? []].flat().map(read).join('\n');

const rows = read('docs/event-source-mapping.md')
  .split('\n')
  .filter((line) => /^\| (?!AWS documents|---)/.test(line));
const lastCell = (row: string) => row.split('|').at(-2)?.trim() ?? '';

describe('the conformance table', () => {
  test('has a test, or says that there is none, in every row', () => {
    expect(rows.length).toBeGreaterThan(50);
    expect(rows.filter((row) => !/^(not checked|([A-Z] `[^`]+`(, )?)+)$/.test(lastCell(row)))).toEqual([]);
  });

  test('names tests that exist', () => {
    const cited = rows.flatMap((row) => [...lastCell(row).matchAll(/([A-Z]) `([^`]+)`/g)]);
    const missing = cited.filter(([, file, name]) => !textOf(file as string).includes(name as string));
    expect(missing.map(([text]) => text)).toEqual([]);
  });
});
