import { minutes, seconds } from 'millrace';
import { createPipelineTestDriver } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import revenue from '../../../functions/revenue/pipeline.ts';

const order = (id: string, at: number, amountCents = 500, province = 'ZJ') => ({ id, province, amountCents, at });

describe('the test driver', () => {
  it('shows what a window aggregated once the watermark has passed it', async () => {
    const t = createPipelineTestDriver(revenue);
    await t.send('orders', order('1', 0));
    expect(t.output('table')).toEqual([]);
    await t.advanceWatermark('orders', minutes(10));
    expect(t.output('table')).toEqual([{ province: 'ZJ', minute: 0, amountCents: 500, orders: 1 }]);
    expect(t.output('late')).toEqual([]);
  });

  it('takes several records at once', async () => {
    const t = createPipelineTestDriver(revenue, { batchSize: 10 });
    await t.send('orders', [order('1', 0), order('2', 1), order('3', seconds(60))]);
    await t.endInput();
    expect(t.output('table')).toEqual([
      { province: 'ZJ', minute: 0, amountCents: 1000, orders: 2 },
      { province: 'ZJ', minute: 60_000, amountCents: 500, orders: 1 },
    ]);
  });

  it('keeps state over a restart of all containers', async () => {
    const t = createPipelineTestDriver(revenue);
    await t.send('orders', order('1', 0));
    await t.restart();
    await t.send('orders', order('2', 1));
    await t.restart();
    await t.endInput();
    await t.restart();
    expect(t.output('table')).toEqual([{ province: 'ZJ', minute: 0, amountCents: 1000, orders: 2 }]);
  });
});
