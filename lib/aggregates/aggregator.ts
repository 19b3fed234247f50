/**
 * A mergeable aggregate. `add` and `merge` return an accumulator and leave their arguments as they were, so that a
 * record that throws half-way can be undone. Accumulators are plain JSON: they are stored and sent between stages.
 *
 * `merge` is commutative and associative, and `add(a, v)` equals `merge(a, add(create(), v))`: partial aggregates are
 * computed before the repartition and merged in whatever order they arrive.
 */
export interface Aggregator<in In, Acc, out Out> {
  /** What it is, for the plan: `sum`, `maxBy all`. A changed kind is a changed state. Without `@`. Default `custom`. */
  readonly kind?: string;
  /** Which form its accumulators have: raise it when the form changes. A whole number, 1 or more. Default 1. */
  readonly version?: number;
  /**
   * Reads accumulators of other forms, which the state of a running job may hold. Named by their version (`1`), or by kind
   * and version where the kind was another one (`sum@1`). Pure, as `create` is: an accumulator is read again wherever and as
   * often as it is loaded, and must always become the same.
   *
   * @example An average that was a sum before: `{ 'sum@1': (total: number) => ({ total, count: 0 }) }`
   */
  readonly upcasts?: Readonly<Record<string, (accumulator: never) => Acc>>;
  create(): Acc;
  add(accumulator: Acc, value: In): Acc;
  merge(left: Acc, right: Acc): Acc;
  result(accumulator: Acc): Out;
}
