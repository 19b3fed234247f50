import { type Mutation, one, tested } from './mutation.ts';

const row = 'two streams are joined';
const file = 'operators/interval-join.ts';
const rows = 'operators/join-rows.ts';

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
      'return bucketOf(timeOf(value as JoinEntry), bucketMs) + bucketMs - 1 +',
      'return timeOf(value as JoinEntry) +',
    ),
  ),
  one(
    row,
    'records are let go a bucket early',
    file,
    'bucketOf(timeOf(value as JoinEntry), bucketMs) + bucketMs - 1',
    'bucketOf(timeOf(value as JoinEntry), bucketMs) - 1',
  ),
  one(
    row,
    'a record that may still be joined is not kept',
    file,
    'if (eventTimeMs + own.toMs <= session.watermarkMs) return;',
    'if (eventTimeMs + own.fromMs <= session.watermarkMs) return;',
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
    'what a commit adds to a bucket takes the place of what is there',
    rows,
    'const index = firstFree((i) => this.#get(place, i) !== undefined, this.#ends.get(end));',
    'const index = 0;',
  ),
  one(
    row,
    'what a commit has begun is not found by the records after it',
    rows,
    "if (place.lists !== undefined) journal.assign(place, 'lists', [...place.lists, list]);",
    '',
  ),
  tested(
    'unit/operators/interval-join.test.ts',
    one(
      row,
      'a record that is undone stays in the list that it was added to',
      rows,
      'journal.push(open.stored, stored);',
      'open.stored.push(stored);',
    ),
  ),
  tested(
    'unit/operators/interval-join.test.ts',
    one(
      row,
      'what was read is believed, although its writer was undone',
      rows,
      "this.#session.journal.assign(place, 'lists', this.#read(place));",
      'place.lists = this.#read(place);',
    ),
  ),
  tested(
    'upgrade/single-rows.test.ts',
    one(
      row,
      'records that an early release has stored are not told from lists',
      rows,
      'lists.push(entry.length === 4 ? [entry[0], [entry[2]], [entry[3]]] : entry);',
      'if (entry.length === 3) lists.push(entry);',
    ),
  ),
  tested(
    'unit/operators/interval-join.test.ts',
    one(
      row,
      'where the last entry of a bucket was put is believed, although it may be undone',
      'operators/first-free.ts',
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
