import type { Aggregator } from 'millrace';

export interface YuanAndCents {
  readonly yuan: number;
  /** Below 100. */
  readonly cents: number;
}

const carry = (yuan: number, cents: number): YuanAndCents => ({
  yuan: yuan + Math.floor(cents / 100),
  cents: cents % 100,
});

/** A sum of cents in two parts. It goes on with what `sum` has stored. */
export const exactSum = <In>(fn: (value: In) => number): Aggregator<In, YuanAndCents, number> => ({
  kind: 'exact-sum',
  upcasts: { 'sum@1': (cents: number) => carry(0, cents) },
  create: () => carry(0, 0),
  add: ({ yuan, cents }, value) => carry(yuan, cents + fn(value)),
  merge: (left, right) => carry(left.yuan + right.yuan, left.cents + right.cents),
  result: ({ yuan, cents }) => yuan * 100 + cents,
});
