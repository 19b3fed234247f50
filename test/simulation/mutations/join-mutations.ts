import { type Mutation, one, tested } from './mutation.ts';

const row = 'two streams are joined';
const file = 'operators/interval-join.ts';

/** The rules of an interval join, each of them broken. */
export const joinMutations: readonly Mutation[] = [
  one(
    row,
    'the upper bound of a join is not included',
    file,
    'otherMs < firstMs || otherMs > lastMs',
    'otherMs < firstMs || otherMs >= lastMs',
  ),
  one(
    row,
    'bounds are not looked at within a bucket',
    file,
    'if (otherMs < firstMs || otherMs > lastMs) continue;',
    '',
  ),
  one(
    row,
    'only buckets after the first are looked at',
    file,
    'let bucket = bucketOf(firstMs, bucketMs);',
    'let bucket = bucketOf(firstMs, bucketMs) + bucketMs;',
  ),
  one(
    row,
    'records are let go as soon as the watermark reaches them',
    file,
    'bucketMs - 1 + (tag === 0 ? left : right).toMs',
    'bucketMs - 1',
  ),
  one(
    row,
    'records are let go by the bound of the other side',
    file,
    '(tag === 0 ? left : right).toMs',
    '(tag === 0 ? right : left).toMs',
  ),
  tested(
    'unit/operators/interval-join.test.ts',
    one(
      row,
      'records of a bucket are let go one by one, and leave gaps',
      file,
      'return bucketOf(eventTimeMs, bucketMs) + bucketMs - 1 +',
      'return eventTimeMs +',
    ),
  ),
  one(
    row,
    'a record that may still be joined is not kept',
    file,
    'if (eventTimeMs + own.toMs > session.watermarkMs)',
    'if (eventTimeMs + own.fromMs > session.watermarkMs)',
  ),
  one(
    row,
    'what is behind the watermark is joined with what is left',
    file,
    'if (eventTimeMs <= session.watermarkMs) {',
    'if (eventTimeMs <= Number.MIN_SAFE_INTEGER) {',
  ),
  one(
    row,
    'a record takes the place of another one of its bucket',
    file,
    'const index = firstFree((i) => session.state.get(session.lp, table, nameOf(i)) !== undefined, ends.get(place));',
    'const index = 0;',
  ),
  tested(
    'unit/operators/interval-join.test.ts',
    one(
      row,
      'where the last entry of a bucket was put is believed, although it may be undone',
      file,
      'if (guess > 0 && isTaken(guess - 1) && !isTaken(guess)) return guess;',
      'if (guess > 0) return guess;',
    ),
  ),
  one(
    row,
    'a pair has the earlier of its two times',
    file,
    'Math.max(eventTimeMs, otherMs)',
    'Math.min(eventTimeMs, otherMs)',
  ),
  one(
    row,
    'a join is entered by the tables of another order than the one that is stored',
    'operators/compile-stage.ts',
    'this.#stage.operators.filter(keepsTable)',
    'this.#stage.operators.filter(keepsTable).toReversed()',
  ),
  tested(
    'unit/graph/join-plan.test.ts',
    one(
      row,
      'a stage waits for itself',
      'graph/order-stages.ts',
      'if (next === undefined) throw',
      'if (next === undefined) return [...ordered, ...left];\n    if (next === undefined) throw',
    ),
  ),
  tested(
    'unit/graph/join-plan.test.ts',
    one(
      row,
      'keyBys of a joined stage change their places',
      'graph/compare-plans.ts',
      'canonicalJson(before) === canonicalJson(after)\n    ? []',
      'before.length > 0\n    ? []',
    ),
  ),
];
