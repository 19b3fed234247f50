import { defineConfig } from 'vitest/config';

const MINUTE_MS = 60_000;

/** A project is a folder under test/. */
const project = (name: string, timeoutMs: number, isolate = true) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: timeoutMs,
    hookTimeout: Math.max(timeoutMs, 30_000),
    isolate,
  },
});

export default defineConfig({
  test: {
    environment: 'node',
    // Forks, not threads: the code under test starts and terminates Workers and forked engines of its own.
    pool: 'forks',
    // Two: engines and Workers of the integration tests need processors too.
    maxWorkers: 2,
    passWithNoTests: false,
    restoreMocks: true,
    // No test may wait for, or pick up, the credentials of the machine it runs on.
    env: { AWS_EC2_METADATA_DISABLED: 'true' },
    projects: [
      // A busy machine makes a unit test slow, not wrong.
      project('unit', 30_000),
      project('property', 30_000),
      // Most type tests are @ts-expect-error lines that `npm test` checks with tsc; these are the ones that also run.
      project('types', 30_000),
      project('model', 2 * MINUTE_MS),
      project('simulation', 2 * MINUTE_MS),
      // Loading CDK takes seconds: once for all of its files.
      project('infra', MINUTE_MS, false),
      project('integration', MINUTE_MS),
      project('upgrade', MINUTE_MS),
      project('regression', MINUTE_MS),
      // Compiles, packs and installs.
      project('package', 10 * MINUTE_MS),
    ],
  },
});
