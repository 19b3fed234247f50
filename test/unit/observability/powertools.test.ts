import { afterEach, describe, expect, it, vi } from 'vitest';
import { createTelemetry, type MeasuredSubject } from '../../../lib/observability/powertools.ts';

afterEach(() => vi.unstubAllEnvs());

/** The line in CloudWatch's embedded format that an invocation writes. */
const measured = (subject: MeasuredSubject): Record<string, unknown> => {
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'SILENT');
  // Powertools writes nothing of tests otherwise.
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
  vi.stubEnv('POWERTOOLS_DEV', 'true');
  const lines: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  const { recorder, report } = createTelemetry(subject);
  recorder.begin();
  report.succeeded({
    kind: 'batch',
    shard: 's',
    delivered: 1,
    lastArrivalMs: 0,
    requestId: 'r',
    startMs: 0,
    endMs: 1,
    facts: recorder.facts,
  });
  return JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown>;
};

describe('steps of the protocol', () => {
  it.each([
    ['DEBUG', [{ level: 'DEBUG', message: 'step', step: 'committed', unit: 'u' }]],
    ['INFO', []],
  ])('at level %s', (level, lines) => {
    vi.stubEnv('POWERTOOLS_LOG_LEVEL', level);
    vi.stubEnv('POWERTOOLS_DEV', 'true');
    const written: unknown[] = [];
    vi.spyOn(console, 'debug').mockImplementation((line: string) => void written.push(JSON.parse(line)));
    createTelemetry({ pipeline: 'clicks' }).recorder.step('committed', 'u');
    expect(written).toMatchObject(lines);
  });
});

describe('metrics', () => {
  it('are those of one stage of one deployment: two of a pipeline are not added up', () => {
    const line = measured({ pipeline: 'clicks', stage: 'by-page', deployment: 'prod-state' });
    expect(line).toMatchObject({
      service: 'clicks',
      stage: 'by-page',
      deployment: 'prod-state',
      _aws: { CloudWatchMetrics: [{ Namespace: 'Millrace', Dimensions: [['service', 'stage', 'deployment']] }] },
    });
  });
});
