import { simulate } from 'millrace/testing';
import { expect, it } from 'vitest';
import { clicksPerPage } from './pipeline.ts';

it('gives the same rows under every schedule', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const result = await simulate(clicksPerPage, {
      seed,
      events: (random) =>
        Array.from({ length: 30 }, (_, i) => ({
          source: 'clicks',
          value: { page: `p${Math.floor(random.fraction() * 3)}`, at: i * 1_000 },
        })),
    });
    expect(result.violations, `seed ${seed}: ${result.shrunk?.trace.join('\n')}`).toEqual([]);
  }
});
