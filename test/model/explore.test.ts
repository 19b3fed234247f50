import { describe, expect, it } from 'vitest';
import { endReachable, explore, type Model, renderCounterexample } from './explore.ts';

/** Two jugs of 3 and 5 litres. */
const jugs = (amount: number, invariant: (state: [number, number]) => boolean): Model<[number, number]> => ({
  start: [0, 0],
  actions: () => [
    { name: 'fill the small one', change: (jug) => set(jug, 0, 3) },
    { name: 'fill the large one', change: (jug) => set(jug, 1, 5) },
    { name: 'empty the small one', change: (jug) => set(jug, 0, 0) },
    { name: 'empty the large one', change: (jug) => set(jug, 1, 0) },
    { name: 'pour the small one', change: (jug) => pour(jug, 0, 1, 5) },
    { name: 'pour the large one', change: (jug) => pour(jug, 1, 0, 3) },
  ],
  invariants: { invariant },
  isDone: (jug) => jug[1] === amount,
});

const set = (jug: [number, number], which: 0 | 1, litres: number): void => {
  jug[which] = litres;
};

const pour = (jug: [number, number], from: 0 | 1, to: 0 | 1, size: number): void => {
  const moved = Math.min(jug[from], size - jug[to]);
  jug[from] -= moved;
  jug[to] += moved;
};

describe('explore', () => {
  it('visits every state', () => {
    // One of the jugs is full or empty: 4 · 6 states without the 2 · 4 inside.
    expect(explore(jugs(4, () => true))).toEqual({ states: 16, counterexample: undefined });
  });

  it('finds a shortest way to break an invariant', () => {
    const { counterexample } = explore(jugs(4, (jug) => jug[1] !== 4));
    expect(counterexample?.trace).toEqual([
      'fill the large one',
      'pour the large one',
      'empty the small one',
      'pour the large one',
      'fill the large one',
      'pour the large one',
    ]);
    expect(renderCounterexample(counterexample!)).toMatch(
      /^broken after 6 steps: invariant\n {2}1\. fill the large one/,
    );
  });

  it('finds the nearest state from which the end cannot be reached', () => {
    const model = jugs(4, () => true);
    const leaky: Model<[number, number]> = {
      ...model,
      actions: (jug) => (jug[0] === 3 && jug[1] === 3 ? [] : model.actions(jug)),
      isDone: (jug) => jug[0] === 3 && jug[1] === 0,
    };
    expect(explore(leaky).counterexample).toMatchObject({
      broken: endReachable,
      trace: ['fill the small one', 'pour the small one', 'fill the small one'],
      afterwards: [],
    });
  });

  it('looks at one invariant only when asked', () => {
    expect(
      explore(
        jugs(4, () => false),
        endReachable,
      ).counterexample,
    ).toBeUndefined();
  });
});
