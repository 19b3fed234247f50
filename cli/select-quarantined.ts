import type { Command } from 'commander';
import { type QuarantinedRecord, quarantineId } from '../lib/runtime/quarantine.ts';

/** Which quarantined records are meant. What is not given selects all. */
export interface Selection {
  readonly code?: string;
  readonly operator?: string;
  readonly stage?: string;
  readonly shard?: string;
  readonly id?: string;
}

export const withSelection = (command: Command): Command =>
  command
    .option('--code <code>', 'only those rejected for this reason, such as USER_CODE')
    .option('--operator <id>', 'only those rejected by this operator')
    .option('--stage <id>', 'only those of this stage')
    .option('--shard <id>', 'only those of this shard')
    .option('--id <id>', 'only this one, as `millrace quarantine list` names it');

export const isSelected = (record: QuarantinedRecord, { code, operator, stage, shard, id }: Selection): boolean =>
  (code === undefined || record.code === code) &&
  (operator === undefined || record.operator === operator) &&
  (stage === undefined || record.stage === stage) &&
  (shard === undefined || record.shardId === shard) &&
  (id === undefined || quarantineId(record) === id);
