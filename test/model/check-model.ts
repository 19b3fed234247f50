import { expect } from 'vitest';
import { explore, type Model, renderCounterexample } from './explore.ts';

/** Tries the model out whole; prints how many states that are, or the shortest way to break it. */
export const expectItHolds = <S>(what: string, model: Model<S>): void => {
  const { states, counterexample } = explore(model);
  console.log(`${what}: ${states.toLocaleString('en-US')} states`);
  expect(counterexample === undefined ? '' : renderCounterexample(counterexample)).toBe('');
};

/** What the model without a rule breaks, and in how many steps. A rule that can be left out is not needed, or not looked at. */
export const expectItBreaks = <S>(model: Model<S>, broken: string, steps: number): void => {
  const { counterexample } = explore(model, broken);
  expect(counterexample?.broken).toBe(broken);
  expect(counterexample?.trace.length, renderCounterexample(counterexample!)).toBe(steps);
};
