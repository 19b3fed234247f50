import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPipelineTestDriver } from 'millrace/testing';
import turnover from './pipeline.ts';

test('adds up what a shop sells in a minute', async () => {
  const t = createPipelineTestDriver(turnover);
  await t.send('orders', { id: '1', shop: 'north', amountCents: 500, at: 1_000 });
  await t.send('orders', { id: '2', shop: 'north', amountCents: 250, at: 59_999 });
  await t.send('orders', { id: '3', shop: 'north', amountCents: 900, at: 60_000 });
  await t.endInput();
  assert.deepEqual(t.output('turnover'), [
    { shop: 'north', minute: 0, amountCents: 750, orders: 2 },
    { shop: 'north', minute: 60_000, amountCents: 900, orders: 1 },
  ]);
});
