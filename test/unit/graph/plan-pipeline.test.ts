import {
  count,
  definePipeline,
  dynamoSink,
  type IdleShards,
  minutes,
  type PipelineScope,
  type Plan,
  seconds,
  sliding,
  tumbling,
} from 'millrace';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import revenue from '../../../functions/revenue/pipeline.ts';
import { planPipeline } from '../../../lib/graph/plan-pipeline.ts';
import { codeOf, errorOf, orderStream, orders, rowTable } from '../dsl/fixtures.ts';

const planOf = (body: (p: PipelineScope) => void): Plan => definePipeline('p', {}, body).plan;

/** Stage id → its operators' ids. */
const stagesOf = (plan: Plan) =>
  Object.fromEntries(plan.stages.map(({ id, operators }) => [id, operators.map((op) => op.id)]));

const perMinute = (p: PipelineScope, idle?: IdleShards) =>
  p
    .source('orders', orders(idle))
    .keyBy('by-province', (order) => order.province)
    .window('minute', tumbling(minutes(1)));

const rowsOf = (p: PipelineScope, idle?: IdleShards) =>
  perMinute(p, idle)
    .aggregate('totals', { n: count() })
    .map('row', ({ key, value }) => ({ province: key, minute: 0, amountCents: value.n }));

describe('the plan', () => {
  it('cuts a stage at a keyBy and writes a table with the stream’s key in place', () => {
    expect(stagesOf(revenue.plan)).toEqual({
      orders: ['orders', 'paid'],
      'by-province': ['minute', 'totals', 'row', 'table', 'minute.late', 'late'],
    });
    expect(revenue.plan.stages[1]).toMatchObject({
      input: { kind: 'repartition', stream: 'revenue-by-province', edges: ['by-province'] },
      sinks: ['table', 'late'],
      outputs: [],
    });
    expect(revenue.plan.edges).toEqual([
      {
        id: 'by-province',
        by: 'key',
        input: 'paid',
        fromStages: ['orders'],
        toStage: 'by-province',
        combine: 'minute',
      },
    ]);
  });

  it('repartitions by row key in front of a table without the stream’s key', () => {
    const plan = planOf((p) => rowsOf(p).sink('table', rowTable()));
    expect(stagesOf(plan)).toEqual({
      orders: ['orders'],
      'by-province': ['minute', 'totals', 'row'],
      table: ['table'],
    });
    expect(plan.edges[1]).toEqual({
      id: 'table',
      by: 'row-key',
      input: 'row',
      fromStages: ['by-province'],
      toStage: 'table',
      combine: undefined,
    });
    expect(plan.stages[2]).toMatchObject({
      input: { stream: 'p-table', edges: ['table'] },
      sinks: ['table'],
      operators: [{ inputs: ['table'] }],
    });
    expect(plan.stages[1]!.sinks).toEqual([]);
  });

  it('repartitions by row key from a stage without keys', () => {
    const plan = planOf((p) =>
      p
        .source('orders', orders())
        .map('row', () => ({ province: '', minute: 0, amountCents: 0 }))
        .sink('table', rowTable()),
    );
    expect(stagesOf(plan)).toEqual({ orders: ['orders', 'row'], table: ['table'] });
  });

  it('refuses the stream’s key where the stream has none', () => {
    const error = errorOf(() =>
      planOf((p) =>
        p
          .source('orders', orders())
          .map('row', () => ({ province: '', minute: 0, amountCents: 0 }))
          .sink('table', rowTable({ streamKey: 'province' })),
      ),
    );
    expect(error).toMatchObject({ code: 'INVALID_OPTION', fields: { operator: 'table', source: 'orders' } });
    expect(error.fix).toContain('Remove');
  });

  it('puts what follows a union into every stage that reaches it, with the inputs that are there', () => {
    const plan = planOf((p) => {
      const a = p.source('a', orders(undefined, 'a'));
      const b = p.source('b', orders(undefined, 'b')).filter('paid', () => true);
      const all = a.union('all', b);
      all.sink('copy', orderStream());
      all
        .keyBy('k', (order) => order.id)
        .window('w', tumbling(minutes(1)))
        .late.sink('late', orderStream('late'));
    });
    expect(stagesOf(plan)).toEqual({
      a: ['a', 'all', 'copy'],
      b: ['b', 'paid', 'all', 'copy'],
      k: ['w', 'w.late', 'late'],
    });
    expect(plan.stages.map(({ operators }) => operators.find(({ id }) => id === 'all')?.inputs)).toEqual([
      ['a'],
      ['paid'],
      undefined,
    ]);
    expect(plan.edges[0]).toMatchObject({ fromStages: ['a', 'b'], input: 'all' });
  });

  it('repartitions the union of two keyed stages by row key even if it has the stream’s key', () => {
    const plan = planOf((p) => {
      const other = p
        .source('others', orders())
        .keyBy('k', (order) => order.province)
        .window('w', tumbling(minutes(1)));
      const rows = other.aggregate('a', { n: count() }).map('r', () => ({ province: '', minute: 0, amountCents: 0 }));
      rowsOf(p)
        .union('both', rows)
        .sink('table', rowTable({ streamKey: 'province' }));
    });
    expect(plan.edges.find(({ id }) => id === 'table')).toMatchObject({
      by: 'row-key',
      fromStages: ['k', 'by-province'],
    });
  });

  it('chains windows over windows through stages of their own', () => {
    const plan = planOf((p) =>
      rowsOf(p)
        .keyBy('together', () => 'all')
        .window('slide', sliding(minutes(2), minutes(1)))
        .aggregate('again', { n: count() })
        .map('r', () => ({ province: '', minute: 0, amountCents: 0 }))
        .sink('table', rowTable({ streamKey: 'province' })),
    );
    expect(stagesOf(plan)).toEqual({
      orders: ['orders'],
      'by-province': ['minute', 'totals', 'row'],
      together: ['slide', 'again', 'r', 'table'],
    });
    expect(plan.edges.map(({ combine }) => combine)).toEqual(['minute', 'slide']);
  });

  it('refuses a table that two stages write, and lets one stage write it twice', () => {
    const twice = (streamKey?: 'province') => () =>
      planOf((p) => {
        const rows = rowsOf(p);
        rows.sink('one', rowTable({ ...(streamKey && { streamKey }) }));
        rows.sink('two', rowTable({ ...(streamKey && { streamKey }) }));
      });
    expect(codeOf(twice())).toBe('INVALID_OPTION');
    expect(twice('province')().stages).toHaveLength(2);
  });
});

describe('an edge is combined', () => {
  const combineOf = (body: (p: PipelineScope) => void) => planOf(body).edges[0]!.combine;

  it('when one window reads it', () => {
    expect(combineOf((p) => rowsOf(p).sink('table', rowTable()))).toBe('minute');
    expect(combineOf((p) => rowsOf(p, { after: seconds(9), action: 'advance' }).sink('table', rowTable()))).toBe(
      'minute',
    );
  });

  it('not when two windows read it', () => {
    expect(
      combineOf((p) => {
        const keyed = p.source('orders', orders()).keyBy('k', (order) => order.id);
        for (const [id, size] of [
          ['a', minutes(1)],
          ['b', minutes(2)],
        ] as const) {
          keyed
            .window(id, tumbling(size))
            .aggregate(`${id}-n`, { n: count() })
            .map(`${id}-row`, () => ({ province: '', minute: 0, amountCents: 0 }))
            .sink(`${id}-table`, rowTable({ table: id }));
        }
      }),
    ).toBeUndefined();
  });

  it('not when the window has no aggregate', () => {
    expect(combineOf((p) => perMinute(p).late.sink('late', orderStream()))).toBeUndefined();
  });

  it('not when a source of it may be excluded from the watermark', () => {
    expect(
      combineOf((p) => rowsOf(p, { after: seconds(9), action: 'exclude' }).sink('table', rowTable())),
    ).toBeUndefined();
  });
});

describe('the plan’s document', () => {
  it('is the same each time, and survives JSON', () => {
    const again = planPipeline(revenue.graph);
    expect(again).toEqual(revenue.plan);
    expect(JSON.parse(JSON.stringify(revenue.plan))).toEqual(JSON.parse(JSON.stringify(again)));
    expect(revenue.plan.hash).toMatch(/^[0-9a-f]{16}$/);
  });

  it('has another hash when a window, an aggregate, an id or the number of partitions changes', () => {
    const Row = z.object({ key: z.string(), n: z.int() });
    const hashOf = ({ size = 1, name = 'n', id = 'w', partitions = 64 as 64 | 128 }) =>
      definePipeline('p', { partitions }, (p) => {
        p.source('orders', orders())
          .keyBy('k', (order) => order.id)
          .window(id, tumbling(minutes(size)))
          .aggregate('a', { [name]: count() })
          .map('r', () => ({ key: '', n: 0 }))
          .sink('t', dynamoSink({ table: 't', schema: Row, key: ['key'] }));
      }).plan.hash;
    const hashes = [{}, { size: 2 }, { name: 'm' }, { id: 'x' }, { partitions: 128 as const }].map(hashOf);
    expect(new Set(hashes).size).toBe(5);
    expect(hashOf({})).toBe(hashes[0]);
  });
});
