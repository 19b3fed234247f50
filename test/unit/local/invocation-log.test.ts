import { describe, expect, it } from 'vitest';
import { InvocationLog } from '../../../lib/local/deployment/invocation-log.ts';

const line = (message: string, fields: Record<string, unknown> = {}) =>
  JSON.stringify({ level: 'INFO', message, commits: 1, records: 10, rejected: 1, lostRaces: 2, ...fields });

const failed = line('batch failed', { code: 'GAP', errorKind: 'operator', reason: 'missing', fix: 'Decide.' });

describe('InvocationLog', () => {
  it('adds up what invocations say at their end', () => {
    const log = new InvocationLog();
    for (const message of ['batch done', 'tick done', 'batch failed']) log.read(line(message));
    expect(log.totals).toMatchObject({ commits: 3, records: 30, rejected: 3, lostRaces: 6, republished: 0 });
  });

  it('passes over other lines: steps, what user code prints, parts of lines', () => {
    const log = new InvocationLog();
    for (const text of [line('step'), 'batch done', line('mine'), line('batch done').slice(0, 60), '{"level":"']) {
      log.read(text);
    }
    expect(log.totals.commits).toBe(0);
  });

  it('knows the error of the last invocation, until one succeeds', () => {
    const log = new InvocationLog();
    log.read(failed);
    expect(log.lastError).toMatchObject({ code: 'GAP', kind: 'operator', message: 'missing', fix: 'Decide.' });
    log.read(line('batch done'));
    expect(log.lastError).toBeUndefined();
  });
});
