import { type ErrorCode, hours, milliseconds, minutes, seconds, session, sliding, tumbling } from 'millrace';
import { describe, expect, it } from 'vitest';
import { codeOf, errorOf } from '../dsl/fixtures.ts';

const refusals = (cases: readonly [ErrorCode, () => unknown][]) =>
  cases.map(([code, make]) => [code, make.toString(), make] as const);

describe('window makers', () => {
  it('describe windows in milliseconds, with slices that all windows are made of', () => {
    expect(tumbling(minutes(1))).toEqual({
      kind: 'tumbling',
      sizeMs: 60_000,
      slideMs: 60_000,
      offsetMs: 0,
      sliceMs: 60_000,
    });
    expect(tumbling(hours(24), { offset: hours(16) }).offsetMs).toBe(57_600_000);
    expect(sliding(seconds(10), seconds(2))).toMatchObject({
      kind: 'sliding',
      sizeMs: 10_000,
      slideMs: 2_000,
      sliceMs: 2_000,
    });
    expect(sliding(seconds(10), seconds(4)).sliceMs).toBe(2_000);
    expect(sliding(milliseconds(7), milliseconds(3)).sliceMs).toBe(1);
    expect(session(minutes(30))).toEqual({ kind: 'session', gapMs: 1_800_000 });
  });

  it.each(
    refusals([
      ['INVALID_DURATION', () => tumbling(minutes(-1))],
      ['INVALID_DURATION', () => tumbling(seconds(Number.NaN))],
      ['INVALID_DURATION', () => tumbling(milliseconds(0.5))],
      ['INVALID_DURATION', () => tumbling(undefined as never)],
      ['INVALID_WINDOW', () => tumbling(minutes(0))],
      ['INVALID_WINDOW', () => tumbling(minutes(1), { offset: minutes(1) })],
      ['INVALID_DURATION', () => tumbling(minutes(1), { offset: minutes(-1) })],
      ['INVALID_OPTION', () => tumbling(minutes(1), { start: minutes(0) } as never)],
      ['INVALID_DURATION', () => sliding(minutes(1), seconds(-1))],
      ['INVALID_WINDOW', () => sliding(minutes(0), minutes(0))],
      ['INVALID_WINDOW', () => sliding(minutes(1), minutes(0))],
      ['INVALID_WINDOW', () => sliding(minutes(1), minutes(2))],
      ['INVALID_WINDOW', () => sliding(minutes(2), minutes(1), { offset: minutes(1) })],
      ['INVALID_DURATION', () => session(seconds(Number.POSITIVE_INFINITY))],
      ['INVALID_WINDOW', () => session(seconds(0))],
    ]),
  )('refuse with %s: %s', (code, _source, make) => {
    expect(codeOf(make)).toBe(code);
  });

  it('say what was given, what is allowed and what to do', () => {
    const error = errorOf(() => sliding(minutes(1), minutes(2)));
    expect(error.message).toContain('slide is 120000 ms; allowed is 1 … 60000 ms');
    expect(error.fields).toMatchObject({ option: 'slide', value: 120_000 });
    expect(error.fix).toContain('smaller');
  });
});
