import { type RunOptions, runSeeds } from './run-seeds.ts';

process.on('message', async (options: RunOptions) => {
  process.send?.(await runSeeds(options));
});
