import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

it('the example of docs/simulator.md is the test that runs here', () => {
  const [, example] = /```ts\n(.*?)```/s.exec(read('docs/simulator.md')) ?? [];
  expect(example).toBe(read('test/simulation/example/clicks.test.ts'));
});
