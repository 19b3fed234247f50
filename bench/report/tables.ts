import Table from 'cli-table3';
import { groupDigits } from '../../lib/core/text-table.ts';
import { works } from '../works/works.ts';
import { type ResultRow, type Results, timesCpu } from './results.ts';

const none = '—';

/** A table for each work, and what is not in them. */
export const renderTables = ({ rows, skipped, failed, machine, rounds }: Results): string => {
  const tables = works.flatMap(({ id, letter, title }) => {
    const chosen = rows.filter((row) => row.work === id);
    return chosen.length === 0 ? [] : [`(${letter}) ${id}: ${title}\n${tableOf(chosen)}`];
  });
  const absences = [
    ...skipped.map(({ engine, why }) => `left out: ${engine}: ${why}`),
    ...failed.map(({ engine, work, why }) => `FAILED: ${engine} at ${work}: ${why.split('\n')[0]}`),
  ];
  const turns =
    rounds === 1 ? '' : `; ${rounds} rounds, of which the one in the middle by CPU, and the ratio in the middle`;
  const where = `${machine.processor}, ${machine.cores} cores, Node ${machine.node}${turns}`;
  return [...tables, where, ...absences].join('\n\n');
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
  const rowOf = (engine: string) => rows.find((row) => row.engine === engine);
  for (const row of rows) {
    const { engine, events, eventsPerSecond, cpuMicrosPerEvent, partMicrosPerEvent, resultsEqual } = row;
    table.push([
      engine,
      groupDigits(events),
      groupDigits(eventsPerSecond),
      cpuMicrosPerEvent.toFixed(2) + partsText(partMicrosPerEvent),
      ratio(row, rowOf('loop')),
      ratio(row, rowOf('flink/heap')),
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

const ratio = (row: ResultRow, other: ResultRow | undefined): string =>
  other === undefined ? none : timesCpu(row, other).toFixed(2);

const text = (value: number | null): string => (value === null ? none : String(value));
