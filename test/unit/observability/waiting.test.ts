import { type Aggregator, definePipeline, kinesisSink, milliseconds, session, tumbling } from 'millrace';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { InvocationRecorder } from '../../../lib/observability/invocation-recorder.ts';
import { InvocationReport } from '../../../lib/observability/invocation-report.ts';
import { type Row, refusing, rowsOf } from '../../support/refusing.ts';
import { VersionsRig } from '../../support/versions-rig.ts';

const fault = { mended: false };

const mendable: Aggregator<z.infer<typeof Row>, number, number> = {
  ...refusing,
  add: (rows, row) => (fault.mended ? rows + 1 : refusing.add(rows, row)),
};

/** Two windows, so that rows are rejected behind the hop. */
const pipeline = definePipeline('parking', { quarantine: { maxFraction: 1, afterRejection: 'park-key' } }, (p) => {
  const keyed = rowsOf(p).keyBy('by-first', ({ id }) => id.at(-1) ?? '');
  const out = kinesisSink({ stream: 'out', schema: z.unknown(), partitionKey: () => 'p' });
  keyed
    .window('one', tumbling(milliseconds(10)))
    .aggregate('rows', { n: mendable })
    .sink('out', out);
  keyed
    .window('two', session(milliseconds(10)))
    .aggregate('both', { n: mendable })
    .sink('out-too', out);
});

it('keys that wait and the rows behind them are in the log and in the metrics of each invocation of a keyed stage', async () => {
  const recorder = new InvocationRecorder();
  const metrics: Record<string, number> = {};
  const lines: Record<string, unknown>[] = [];
  const log = (_message: string, fields: Record<string, unknown>) => lines.push(fields);
  const report = new InvocationReport(
    { info: log, error: log },
    { addMetric: (name, _unit, value) => (metrics[name] = value), publishStoredMetrics: () => undefined },
  );
  const rig = new VersionsRig();
  const job = await rig.job(pipeline, recorder);
  const sendAll = async (...ids: string[]) => {
    for (const id of ids) {
      recorder.begin();
      await rig.send('in', [{ id }]);
      await job.drain();
    }
    const subject = { kind: 'batch', shard: 's', delivered: 1, lastArrivalMs: 0, requestId: 'r' } as const;
    report.succeeded({ ...subject, startMs: 0, endMs: 1, facts: recorder.facts });
  };
  await sendAll('1a', 'bad-a', '2a', '3a', 'bad-b', '1c');
  expect(metrics).toMatchObject({ ParkedKeys: 2, ParkedRows: 2, HeldRuns: 0 });
  expect(lines[0]).toMatchObject({ parkedKeys: 2, parkedRows: 2, heldRuns: 0 });
  fault.mended = true;
  await job.redrive();
  await sendAll('4a');
  expect(metrics).toMatchObject({ ParkedKeys: 0, ParkedRows: 0 });
});

it('a source stage, where nothing waits, does not say so', () => {
  const names: string[] = [];
  const ignore = () => undefined;
  const report = new InvocationReport(
    { info: ignore, error: ignore },
    { addMetric: (name) => names.push(name), publishStoredMetrics: ignore },
  );
  const subject = { kind: 'batch', shard: 's', delivered: 1, lastArrivalMs: 0, requestId: 'r' } as const;
  report.succeeded({ ...subject, startMs: 0, endMs: 1, facts: new InvocationRecorder().facts });
  expect(names).toContain('RejectedRecords');
  expect(names).not.toContain('ParkedKeys');
});
