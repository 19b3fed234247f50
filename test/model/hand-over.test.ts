import { describe, it } from 'vitest';
import { expectItBreaks, expectItHolds } from './check-model.ts';
import { type HandOverRules, handOverModel, handOverRules, merge } from './hand-over-model.ts';

const dense = 'invariant 1: one content for each number';
const lineage = 'invariant 1: n never falls along a lineage';
const complete = 'invariant 2: a log is sealed when every record of its shard is in it';
const order = 'invariant 4: rows are applied once, and those of parents before those of their children';
const owner = 'invariant 5: nothing is committed to a log after a child has taken it over';
const whole = 'invariant 7: no child begins with what a collected parent has left';
const late = 'invariant 6: no record is late';
const quiet: HandOverRules = { ...handOverRules, ticks: 0 };

describe('the hand-over from parents to children', () => {
  it.each<[string, HandOverRules]>([
    ['a split, with a tick at any time', handOverRules],
    ['a merge of a fast and a slow shard', { ...quiet, lineage: merge }],
    ['a split, and the parent collected at any time after', { ...quiet, collects: 'when all children have begun' }],
  ])('loses nothing, repeats nothing and makes nothing late: %s', (what, rules) => {
    expectItHolds(`hand-over, ${what}`, handOverModel(rules));
  });

  it.each<[string, HandOverRules, string, number]>([
    ['a child begins before its parents are read to their ends', { ...quiet, drains: false }, complete, 3],
    ['a child begins before, and nothing is sealed', { ...quiet, drains: false, seals: 'not' }, owner, 5],
    ['nothing is sealed', { ...handOverRules, seals: 'not' }, owner, 7],
    ['a seal is put without the condition of a commit', { ...handOverRules, seals: 'unfenced' }, dense, 7],
    ['the numbers of a child begin again', { ...quiet, base: 'zero' }, lineage, 7],
    ['packets of producers that are not born do not wait', { ...quiet, waits: false }, order, 11],
    [
      'a merged child goes on from the fast watermark',
      { ...quiet, lineage: merge, childWatermark: 'largest' },
      late,
      24,
    ],
    [
      'a parent is collected before all its children have begun',
      { ...quiet, collects: 'when a child has begun' },
      whole,
      12,
    ],
    ['a seal does not announce the children', { ...quiet, lineage: merge, unborn: false, waits: false }, late, 20],
  ])('fails if %s', (_what, rules, broken, steps) => {
    expectItBreaks(handOverModel(rules), broken, steps);
  });
});
