import type { Scenario } from '../scenario.ts';

export const tick: Scenario = {
  name: 'tick',
  shows: 'the scheduled tick closes the last window of a stream that fell silent',
  run: async ({ visits }) => {
    if (visits === undefined) throw new Error('the pipeline is not deployed');
    const elapsedMs = await visits.untilWindowClosed();
    return `its row, right, ${Math.round(elapsedMs / 1_000)} s after the last record at most`;
  },
};
