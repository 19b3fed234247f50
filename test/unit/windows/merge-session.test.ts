import { describe, expect, it } from 'vitest';
import { mergeSession, replaceSessions, type Session } from '../../../lib/windows/merge-session.ts';

const gapMs = 10;
const join = (left: string, right: string): string => left + right;

/** The sessions after records at these times, each named by a letter. */
const sessionsOf = (...times: number[]): Session<string>[] =>
  times.reduce<Session<string>[]>(
    (sessions, tsMs, i) =>
      replaceSessions(sessions, mergeSession(sessions, tsMs, tsMs + gapMs, String.fromCharCode(97 + i), join)),
    [],
  );

describe('mergeSession', () => {
  it('begins a session that lasts for the gap', () => {
    expect(sessionsOf(5)).toEqual([{ startMs: 5, endMs: 15, accumulator: 'a' }]);
  });

  it('lets a record within the gap go on with the session', () => {
    expect(sessionsOf(0, 9)).toEqual([{ startMs: 0, endMs: 19, accumulator: 'ab' }]);
    expect(sessionsOf(9, 0)).toEqual([{ startMs: 0, endMs: 19, accumulator: 'ab' }]);
  });

  it('keeps records exactly the gap apart in two sessions, whatever their order', () => {
    const two = [
      { startMs: -10, endMs: 0 },
      { startMs: 0, endMs: 10 },
    ];
    expect(sessionsOf(-10, 0)).toMatchObject(two);
    expect(sessionsOf(0, -10)).toMatchObject(two);
  });

  it('joins all sessions that a record lies between, oldest first', () => {
    expect(sessionsOf(0, 18, 9)).toEqual([{ startMs: 0, endMs: 28, accumulator: 'abc' }]);
  });

  it('says which sessions it replaces, and leaves the list as it was', () => {
    const sessions = sessionsOf(0, 18, 40);
    const before = structuredClone(sessions);
    expect(mergeSession(sessions, 9, 19, 'x', join)).toEqual({
      index: 0,
      replacedCount: 2,
      startMs: 0,
      endMs: 28,
      accumulator: 'abx',
    });
    expect(mergeSession(sessions, 28, 38, 'x', join)).toMatchObject({ index: 2, replacedCount: 0 });
    expect(mergeSession(sessions, 60, 70, 'x', join)).toMatchObject({ index: 3, replacedCount: 0 });
    expect(sessions).toEqual(before);
  });

  it('takes in a partial session that is longer than the gap', () => {
    expect(mergeSession(sessionsOf(0, 18, 40), 5, 45, 'x', join)).toEqual({
      index: 0,
      replacedCount: 3,
      startMs: 0,
      endMs: 50,
      accumulator: 'abcx',
    });
  });
});
