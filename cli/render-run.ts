import { groupDigits, textTable } from '../lib/core/text-table.ts';
import type { RunSummary } from '../lib/local/bounded-run/run-options.ts';

/** The summary of a run as a table for people. */
export const renderRun = (summary: RunSummary): string => {
  const reasons = Object.entries(summary.rejectedBy).map(([code, count]) => `${groupDigits(count)} ${code}`);
  const rows = [
    ...Object.entries(summary.inputs).map(([id, { file, records }]) => [
      'read',
      groupDigits(records),
      `${id} ← ${file}`,
    ]),
    [
      'rejected',
      groupDigits(summary.rejected),
      summary.rejected === 0 ? '' : `${reasons.join(', ')} → ${summary.quarantine}`,
    ],
    ...Object.entries(summary.sinks).map(([id, sink]) => ['written', groupDigits(sink.rows), `${id} → ${sink.file}`]),
  ];
  return [headline(summary), '', textTable([{}, { align: 'right' }, {}], rows)].join('\n');
};

const headline = ({ pipeline, engine, records, durationMs }: RunSummary): string => {
  const perSecond = durationMs === 0 ? '' : ` · ${groupDigits(Math.round((records * 1_000) / durationMs))} records/s`;
  return `${pipeline} · ${engine} engine · ${(durationMs / 1_000).toFixed(1)} s${perSecond}`;
};
