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
  areInOrder(records) ? records : [...records].sort(bySequence).filter(followsOn);

/** Each record is looked at once: the text of the one before is still in the processor's cache. */
const areInOrder = (records: readonly StreamRecord[]): boolean => {
  let before = '';
  for (let i = 0; i < records.length; i++) {
    const { sequenceNumber } = records[i]!;
    if (compareSequenceNumbers(before, sequenceNumber) >= 0) return false;
    before = sequenceNumber;
  }
  return true;
};

/** Greater than the one before it, so neither a repeat nor out of order. */
const followsOn = (record: StreamRecord, i: number, all: readonly StreamRecord[]): boolean =>
  i === 0 || bySequence(all[i - 1] as StreamRecord, record) < 0;

const bySequence = (a: StreamRecord, b: StreamRecord): number =>
  compareSequenceNumbers(a.sequenceNumber, b.sequenceNumber);
