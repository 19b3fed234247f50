import { definePipeline, renderPlan } from 'millrace';
import { expect, it } from 'vitest';
import revenue from '../../../functions/revenue/pipeline.ts';
import { orders, rowTable } from '../dsl/fixtures.ts';

it('shows stages with their operators and hops, and what each sink holds', () => {
  const lines = renderPlan({ ...revenue.plan, hash: '0123456789abcdef' }).split('\n');
  expect(lines.slice(0, 13)).toEqual([
    'pipeline revenue · exactly-once · 64 partitions · plan 0123456789abcdef',
    '',
    'stage orders · reads stream orders, from its oldest record',
    '  source  orders            out of order by at most 5 s',
    '  filter  paid    ← orders',
    '  → stage by-province · paid by key · combined for window minute',
    '',
    'stage by-province · reads repartition stream revenue-by-province',
    '  window     minute       ← edge by-province  tumbling 1 min, allowed lateness 5 min',
    '  aggregate  totals       ← minute            amountCents: sum, orders: count',
    '  map        row          ← totals',
    '  sink       table        ← row               table revenue',
    '  late       minute.late  ← minute',
  ]);
  const [table, late] = lines.slice(-2);
  expect(table).toMatch(/^ {2}table {2}→ table revenue \(province, minute\) {2}exactly-once {2,}whole rows, .*version/);
  expect(late).toMatch(/^ {2}late {3}→ stream late-orders {2,}at-least-once with ids {2}.*twice/);
});

it('says that a hop by row key goes record by record', () => {
  const { plan } = definePipeline('p', {}, (p) => {
    p.source('orders', orders())
      .map('row', () => ({ province: '', minute: 0, amountCents: 0 }))
      .sink('table', rowTable());
  });
  expect(renderPlan(plan)).toContain(
    '→ stage table · row by row key, so that one partition owns each row · record by record',
  );
});
