import Table from 'cli-table3';
import { groupDigits } from '../../lib/core/text-table.ts';
import { works } from '../works/works.ts';
import type { ResultRow, Results } from './results.ts';

const none = '—';

/** A table for each work, and what is not in them. */
export const renderTables = ({ rows, skipped, failed, machine }: Results): string => {
  const tables = works.flatMap(({ id, letter, title }) => {
    const chosen = rows.filter((row) => row.work === id);
    return chosen.length === 0 ? [] : [`(${letter}) ${id}: ${title}\n${tableOf(chosen)}`];
  });
  const absences = [
    ...skipped.map(({ engine, why }) => `left out: ${engine}: ${why}`),
    ...failed.map(({ engine, work, why }) => `FAILED: ${engine} at ${work}: ${why.split('\n')[0]}`),
  ];
  return [...tables, `${machine.processor}, ${machine.cores} cores, Node ${machine.node}`, ...absences].join('\n\n');
};

const tableOf = (rows: readonly ResultRow[]): string => {
  const table = new Table({
    style: { head: [], border: [], compact: true },
    colAligns: ['left', ...Array.from({ length: 10 }, () => 'right' as const)],
    head: [
      'engine',
      'events',
      'events/s',
      'CPU µs/event',
      '÷ loop',
      '÷ Flink',
      'requests/1000',
      'of which reads',
      'write units/1000',
      '$/million',
      'equal',
    ],
  });
  const microsOf = (engine: string) => rows.find((row) => row.engine === engine)?.cpuMicrosPerEvent;
  for (const row of rows) {
    const { engine, events, eventsPerSecond, cpuMicrosPerEvent, partMicrosPerEvent, resultsEqual } = row;
    table.push([
      engine,
      groupDigits(events),
      groupDigits(eventsPerSecond),
      cpuMicrosPerEvent.toFixed(2) + partsText(partMicrosPerEvent),
      ratio(cpuMicrosPerEvent, microsOf('loop')),
      ratio(cpuMicrosPerEvent, microsOf('flink/heap')),
      text(row.requestsPer1000),
      text(row.readsPer1000),
      text(row.writeUnitsPer1000),
      text(row.usdPerMillion),
      resultsEqual === null ? none : resultsEqual ? 'yes' : 'NO',
    ]);
  }
  return table.toString();
};

/** ` (2.10 + 1.05)`: of the stages. */
const partsText = (parts: ResultRow['partMicrosPerEvent']): string => {
  const values = Object.values(parts ?? {});
  return values.length < 2 ? '' : ` (${values.map((value) => value.toFixed(2)).join(' + ')})`;
};

const ratio = (value: number, base: number | undefined): string =>
  base === undefined ? none : (value / base).toFixed(2);

const text = (value: number | null): string => (value === null ? none : String(value));
