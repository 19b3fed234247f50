import type { Rejection } from '../../commit/outbox.ts';
import type { PutOutcome } from '../../connectors/stream-port.ts';
import type { PackedLines } from './pack-lines.ts';

type Place = Pick<Rejection, 'stage' | 'shardId' | 'sequenceNumber' | 'subSequenceNumber'>;

/** Which line of its file a record of the stream was. */
export class LineIndex {
  readonly #recent = new Map<string, readonly number[]>();
  readonly #kept = new Map<string, number>();

  /** Remembers where the lines of a put went. */
  add(source: string, packed: readonly PackedLines[], outcomes: readonly PutOutcome[]): void {
    for (const [i, { lines }] of packed.entries()) {
      const outcome = outcomes[i];
      if (outcome?.ok === true) this.#recent.set(recordKey(source, outcome.shardId, outcome.sequenceNumber), lines);
    }
  }

  /** Remembers this one beyond the next {@link forget}. */
  keep(place: Place): void {
    const line = this.find(place);
    if (line !== undefined) this.#kept.set(userRecordKey(place), line);
  }

  /** `undefined` where it did not come from one record: a pane, a row between stages. */
  find(place: Place): number | undefined {
    const { stage, shardId, sequenceNumber, subSequenceNumber } = place;
    return (
      this.#kept.get(userRecordKey(place)) ??
      this.#recent.get(recordKey(stage, shardId, sequenceNumber))?.[subSequenceNumber]
    );
  }

  /** All records so far were processed: a file may have more lines than fit into memory. */
  forget(): void {
    this.#recent.clear();
  }
}

/** A source stage has its source's id. */
const recordKey = (stage: string, shardId: string, sequenceNumber: string): string =>
  `${stage}/${shardId}/${sequenceNumber}`;

const userRecordKey = ({ stage, shardId, sequenceNumber, subSequenceNumber }: Place): string =>
  `${recordKey(stage, shardId, sequenceNumber)}/${subSequenceNumber}`;
