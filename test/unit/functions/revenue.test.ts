import { minutes, seconds } from 'millrace';
import { createPipelineTestDriver } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import revenue from '../../../functions/revenue/pipeline.ts';

const order = (id: string, at: number, amountCents = 500, province = 'ZJ') => ({ id, province, amountCents, at });

describe('revenue', () => {
  it('adds up what each province took in each minute', async () => {
    const t = createPipelineTestDriver(revenue);
    await t.send('orders', [
      order('1', 0, 500, 'ZJ'),
      order('2', seconds(59), 700, 'ZJ'),
      order('3', seconds(60), 900, 'ZJ'),
      order('4', seconds(30), 200, 'GD'),
    ]);
    await t.advanceWatermark('orders', minutes(10));
    expect(t.output('table')).toEqual([
      { province: 'GD', minute: 0, amountCents: 200, orders: 1 },
      { province: 'ZJ', minute: 0, amountCents: 1_200, orders: 2 },
      { province: 'ZJ', minute: 60_000, amountCents: 900, orders: 1 },
    ]);
  });

  it('leaves out orders that nobody paid', async () => {
    const t = createPipelineTestDriver(revenue);
    await t.send('orders', [order('1', 0, 0), order('2', 0, -500)]);
    await t.endInput();
    expect(t.output('table')).toEqual([]);
  });

  it('corrects a row by orders that come up to five minutes late', async () => {
    const t = createPipelineTestDriver(revenue);
    await t.send('orders', order('1', 0));
    await t.advanceWatermark('orders', minutes(6) - 2);
    expect(t.output('table')).toMatchObject([{ amountCents: 500, orders: 1 }]);
    await t.send('orders', order('2', 1));
    expect(t.output('table')).toMatchObject([{ amountCents: 1_000, orders: 2 }]);
    expect(t.output('late')).toEqual([]);
  });

  it('keeps orders that come later than that apart, as they were', async () => {
    const t = createPipelineTestDriver(revenue);
    await t.send('orders', order('1', 0));
    await t.advanceWatermark('orders', minutes(6) - 1);
    await t.send('orders', order('2', 1, 700));
    expect(t.output('late')).toEqual([order('2', 1, 700)]);
    expect(t.output('table')).toMatchObject([{ amountCents: 500, orders: 1 }]);
  });
});
