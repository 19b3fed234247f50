import type { StoredRow } from '../commit/hop-rows.ts';
import type { Arrival } from './hold-table.ts';
import type { KeyedTask } from './keyed-task.ts';
import type { RejectionOrigin } from './piece.ts';

/** Where a row of a packet came from, for quarantine. `epoch` is that of the packet. */
export const rowOrigin = (
  { stage, shardId }: KeyedTask,
  lp: number,
  row: StoredRow,
  { sequenceNumber, arrivalMs }: Arrival,
  epoch: number,
): RejectionOrigin => ({
  stage,
  shardId,
  sequenceNumber,
  subSequenceNumber: 0,
  arrivalMs,
  payloadKind: 'row',
  payload: JSON.stringify(row),
  lp,
  ...(epoch > 1 && { epoch }),
});
