import { expect, it } from 'vitest';
import { Journal } from '../../../lib/state/journal.ts';
import { KeyedState } from '../../../lib/state/keyed-state.ts';
import { MAX_VALUE_CHARACTERS, StateOverlay } from '../../../lib/state/state-overlay.ts';

const large = 'x'.repeat(MAX_VALUE_CHARACTERS);

const overlayOver = (stored?: string) => {
  const keyed = new KeyedState([{ id: 'table', timerMs: () => undefined }]);
  keyed.apply(1, [{ lp: 0, table: 0, key: 'k', value: stored }]);
  const overlay = new StateOverlay(keyed, new Journal());
  overlay.begin();
  return overlay;
};

it('a value past the bound is told until the next record begins', () => {
  const overlay = overlayOver();
  overlay.set(0, 0, 'k', large);
  expect(overlay.tooLarge).toMatchObject({ change: { key: 'k' }, characters: MAX_VALUE_CHARACTERS + 2 });
  overlay.begin();
  expect(overlay.tooLarge).toBeUndefined();
});

it('a value past the bound may be deleted, or made smaller, by the same record', () => {
  const overlay = overlayOver();
  overlay.set(0, 0, 'k', large);
  overlay.set(0, 0, 'k', 'small');
  expect(overlay.tooLarge).toBeUndefined();
});

it('a value that an earlier release has let grow past the bound may stay so large, and not grow', () => {
  const overlay = overlayOver(large);
  overlay.set(0, 0, 'k', `${large.slice(1)}y`);
  expect(overlay.tooLarge).toBeUndefined();
  overlay.set(0, 0, 'k', `${large}y`);
  expect(overlay.tooLarge).toBeDefined();
});

it('a list that is added to in place is measured as it grows, and told once it is past the bound', () => {
  const overlay = overlayOver();
  const list: string[] = [];
  const write = overlay.set(0, 0, 'k', list);
  const before = overlay.bytes;
  list.push('x');
  overlay.grow(write, 4);
  expect([overlay.bytes - before, overlay.tooLarge]).toEqual([4, undefined]);
  list.push(large);
  overlay.grow(write, MAX_VALUE_CHARACTERS);
  expect(overlay.tooLarge).toMatchObject({ change: { key: 'k' } });
});
