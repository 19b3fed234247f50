import { compareSequenceNumbers } from '../connectors/sequence-number.ts';
import type { StreamRecord } from '../connectors/stream-port.ts';

/**
 * The records of a batch in the order of their shard, each once.
 *
 * That is how Lambda delivers them, and then nothing is done here. But a position tells only what was processed before the batch: a
 * record that is in it twice would count twice, and whoever delivers is not always Lambda (LocalStack reads closed shards again
 * behind what it has gathered already).
 */
export const inOrder = (records: readonly StreamRecord[]): readonly StreamRecord[] =>
  records.every(followsOn) ? records : [...records].sort(bySequence).filter(followsOn);

/** Greater than the one before it, so neither a repeat nor out of order. */
const followsOn = (record: StreamRecord, i: number, all: readonly StreamRecord[]): boolean =>
  i === 0 || bySequence(all[i - 1] as StreamRecord, record) < 0;

const bySequence = (a: StreamRecord, b: StreamRecord): number =>
  compareSequenceNumbers(a.sequenceNumber, b.sequenceNumber);
