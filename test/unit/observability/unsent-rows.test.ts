import { expect, it } from 'vitest';
import { InvocationRecorder } from '../../../lib/observability/invocation-recorder.ts';
import { InvocationReport } from '../../../lib/observability/invocation-report.ts';

it('rows that at-most-once delivery gave up are in the log by sink, and in the metrics', () => {
  const lines: Record<string, unknown>[] = [];
  const metrics: Record<string, number> = {};
  const log = (_message: string, fields: Record<string, unknown>) => lines.push(fields);
  const report = new InvocationReport(
    { info: log, error: log },
    { addMetric: (name, _unit, value) => (metrics[name] = value), publishStoredMetrics: () => undefined },
  );
  const recorder = new InvocationRecorder();
  recorder.begin();
  recorder.unsent('unit', 'hook', 2);
  recorder.unsent('unit', 'queue', 1);
  recorder.unsent('unit', 'hook', 3);
  const invocation = {
    kind: 'batch',
    shard: 's',
    delivered: 9,
    lastArrivalMs: 0,
    requestId: 'r',
    startMs: 0,
    endMs: 1,
  } as const;
  report.succeeded({ ...invocation, facts: recorder.facts });
  expect(lines).toMatchObject([{ unsent: 6, unsentBy: { hook: 5, queue: 1 } }]);
  expect(metrics.UnsentRows).toBe(6);
  recorder.begin();
  report.succeeded({ ...invocation, facts: recorder.facts });
  expect(lines[1]).toMatchObject({ unsent: 0 });
  expect(lines[1]).not.toHaveProperty('unsentBy');
});
