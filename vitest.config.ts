import { defineConfig } from 'vitest/config';

const MINUTE_MS = 60_000;

/**
 * A project is a folder under test/. Its files share two processes, so that each loads zod, the library and CDK once: a process for each
 * file took as long to load as the tests of it took. Not so where tests start engines or fill the memory.
 */
const project = (name: string, timeoutMs: number, isolate = false) => ({
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
    globalSetup: 'test/temporary-folder.ts',
    // No test may wait for, or pick up, the credentials of the machine it runs on.
    env: { AWS_EC2_METADATA_DISABLED: 'true' },
    projects: [
      // A busy machine makes a unit test slow, not wrong.
      project('unit', 30_000),
      project('property', 30_000),
      // Most type tests are @ts-expect-error lines that `npm test` checks with tsc; these are the ones that also run.
      project('types', 30_000),
      project('model', 2 * MINUTE_MS),
      project('simulation', 2 * MINUTE_MS, true),
      project('infra', MINUTE_MS),
      project('integration', MINUTE_MS, true),
      project('upgrade', MINUTE_MS),
      project('regression', MINUTE_MS),
      // Compiles, packs and installs.
      project('package', 10 * MINUTE_MS, true),
    ],
  },
});
