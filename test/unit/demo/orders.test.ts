import { describe, expect, it } from 'vitest';
import { Order } from '../../../functions/revenue/pipeline.ts';
import { OrderTraffic, provinces } from '../../../localstack/demo/orders.ts';

const startMs = 1_700_000_040_000;
const steps = 80;

const run = (seed: number) => {
  const traffic = new OrderTraffic(seed, startMs);
  const values = Array.from({ length: steps }, () => traffic.next()).flat();
  return { traffic, values };
};

describe('the traffic', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(run(7).values).toEqual(run(7).values);
    expect(run(8).values).not.toEqual(run(7).values);
  });

  it('is orders that the schema takes, and records that nothing can read as orders', () => {
    const { traffic, values } = run(7);
    const broken = values.filter((value) => value instanceof Uint8Array);
    expect(values.length).toBe(traffic.orders.length + broken.length);
    for (const order of traffic.orders) expect(Order.safeParse(order).success).toBe(true);
    expect(broken.map((bytes) => Buffer.from(bytes).toString('base64'))).toEqual(traffic.poison);
    for (const bytes of broken) expect(isOrder(Buffer.from(bytes).toString())).toBe(false);
  });

  it('has too few broken records to stop the pipeline, and enough to see them', () => {
    const { traffic } = run(7);
    expect(traffic.poison.length).toBeGreaterThan(3);
    expect(traffic.poison.length / traffic.sentCount).toBeLessThan(0.01);
  });

  it('has free orders, orders out of order and late ones, in all provinces', () => {
    const { orders } = run(7).traffic;
    expect(orders.some(({ amountCents }) => amountCents === 0)).toBe(true);
    expect(orders.some(({ at }, i) => at < (orders[i - 1]?.at ?? 0))).toBe(true);
    const newest = orders.map((_, i) => Math.max(...orders.slice(0, i + 1).map(({ at }) => at)));
    expect(orders.some(({ at }, i) => (newest[i] ?? 0) - at > 9 * 60_000)).toBe(true);
    expect(new Set(orders.map(({ province }) => province))).toEqual(new Set(provinces));
  });

  it('has the busiest province first', () => {
    const { orders } = run(7).traffic;
    const counts = provinces.map((province) => orders.filter((order) => order.province === province).length);
    expect(Math.max(...counts)).toBe(counts[0]);
    expect(counts[0]).toBeGreaterThan(3 * (counts.at(-1) ?? 0));
  });
});

const isOrder = (text: string): boolean => {
  try {
    return Order.safeParse(JSON.parse(text)).success;
  } catch {
    return false;
  }
};
