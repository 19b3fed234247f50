/**
 * A mergeable aggregate. `add` and `merge` return an accumulator and leave their arguments as they were, so that a
 * record that throws half-way can be undone. Accumulators are plain JSON: they are stored and sent between stages.
 *
 * `merge` is commutative and associative, and `add(a, v)` equals `merge(a, add(create(), v))`: partial aggregates are
 * computed before the repartition and merged in whatever order they arrive.
 */
export interface Aggregator<in In, Acc, out Out> {
  /** What it is, for the plan: `sum`, `maxBy all`. A changed kind is a changed state. Default `custom`. */
  readonly kind?: string;
  create(): Acc;
  add(accumulator: Acc, value: In): Acc;
  merge(left: Acc, right: Acc): Acc;
  result(accumulator: Acc): Out;
}
