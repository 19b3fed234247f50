import { sum } from 'millrace';
import { expect, it } from 'vitest';
import type { AggregateNode, AnyAggregator } from '../../../lib/graph/logical-graph.ts';
import { PaneAggregates } from '../../../lib/operators/pane-aggregates.ts';

const aggregates = (upcasts: Record<number, (old: number) => number>) => {
  const total = { ...sum(({ n }: { n: number }) => n), version: 3, upcasts } as unknown as AnyAggregator;
  const node = { id: 'totals', kind: 'aggregate', input: 'minute', aggregators: { total } } as unknown as AggregateNode;
  return new PaneAggregates([{ node, next: () => undefined }]);
};

it('an accumulator is read by the upcast for its form', () => {
  const read = aggregates({ 1: (old) => old * 100 }).upgradeFrom([{ from: 0, type: 'sum@1' }]);
  expect(read([3])).toEqual([300]);
});

it('an accumulator without an upcast stops its shard, with the form that was found and those that are read', () => {
  const read = aggregates({ 2: (old) => old }).upgradeFrom([{ from: 0, type: 'sum@1' }]);
  expect(() => read([3])).toThrow(
    expect.objectContaining({
      code: 'UPCAST_FAILED',
      message:
        "The state holds an accumulator of sum@1 for aggregate 'total' of operator 'totals', which reads sum@3, sum@2.",
      fix: expect.stringContaining("Put the upcast for 'sum@1' back and deploy again"),
    }),
  );
});
