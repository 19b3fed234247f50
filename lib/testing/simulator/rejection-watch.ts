import type { CommitBody } from '../../commit/commit.ts';
import type { Rejection } from '../../commit/outbox.ts';
import { type QuarantinedRecord, type QuarantinePlace, quarantineId } from '../../runtime/quarantine.ts';
import type { EntryChange } from '../../state/state-table.ts';
import { placeOf } from './lineage-watch.ts';

/** What is known of something that was rejected. */
interface Known {
  readonly rejection: Rejection;
  /** A commit says that it was redriven. */
  redriven: boolean;
  /** It is on record, beside the quarantine, that it was redriven. */
  marked: boolean;
  /** It was redriven, and rejected again under another name. */
  followed: boolean;
}

/** The bytes of a record that was sent to a shard. */
export type SentBytes = (stream: string, shardId: string, sequenceNumber: string) => Uint8Array | undefined;

/**
 * Everything that was ever rejected, from its commit on: each record once, from where it says; redriven once, by a commit
 * that is there before its mark, which is there before its item goes.
 */
export class RejectionWatch {
  readonly #known = new Map<string, Known>();
  readonly #records = new Set<string>();
  readonly #sent: SentBytes;
  readonly #violated: (what: string) => void;

  constructor(sent: SentBytes, violated: (what: string) => void) {
    this.#sent = sent;
    this.#violated = violated;
  }

  /** All that was rejected, the first first. */
  get all(): readonly Rejection[] {
    return [...this.#known.values()].map(({ rejection }) => rejection);
  }

  onCommitted(unit: string, n: number, { outbox: { rejections }, changes }: CommitBody): void {
    if (this.#known.size > 0) for (const change of changes) this.#onLedger(change);
    for (const [index, rejection] of rejections.entries()) {
      const id = quarantineId({ unit, n, index });
      if (rejection.payloadKind === 'record') this.#requireSent(id, unit, rejection);
      if (rejection.redrives === undefined) this.#requireFirst(id, rejection);
      else this.#requireRedriven(id, rejection);
      this.#known.set(id, { rejection, redriven: false, marked: false, followed: false });
    }
  }

  onMarked(place: QuarantinePlace): void {
    const known = this.#known.get(quarantineId(place));
    if (known?.redriven !== true) this.#violated(`${quarantineId(place)} is marked as redriven, and no commit says so`);
    if (known !== undefined) known.marked = true;
  }

  onDeleted(place: QuarantinePlace): void {
    if (this.#known.get(quarantineId(place))?.marked !== true)
      this.#violated(`${quarantineId(place)} left the quarantine before it was marked as redriven`);
  }

  /** The quarantine as it is listed has everything that was rejected, but what was redriven. */
  requireListed(listed: readonly QuarantinedRecord[]): void {
    const left = new Set([...this.#known].filter(([, { marked }]) => !marked).map(([id]) => id));
    for (const record of listed)
      if (!left.delete(quarantineId(record))) this.#violated(`${quarantineId(record)} is listed in quarantine`);
    for (const id of left) this.#violated(`${id} was rejected, and is not in quarantine`);
  }

  /** An entry of the ledger: a quarantine item whose effect is in this commit, or one that the ledger need not know any more. */
  #onLedger({ key, value }: EntryChange): void {
    const known = this.#known.get(key);
    if (known === undefined) return;
    if (value === undefined) {
      if (!known.marked) this.#violated(`the ledger forgot ${key} before it was marked as redriven`);
      return;
    }
    if (known.redriven) this.#violated(`${key} was redriven a second time`);
    known.redriven = true;
  }

  #requireSent(id: string, unit: string, { shardId, sequenceNumber, payload }: Rejection): void {
    const sent = this.#sent(placeOf(unit).stream, shardId, sequenceNumber);
    // An aggregated one holds it.
    if (sent === undefined || !Buffer.from(sent).includes(Buffer.from(payload, 'base64')))
      this.#violated(`${id} says that it is record ${sequenceNumber} of ${shardId}, which is another`);
  }

  #requireFirst(id: string, { stage, shardId, sequenceNumber, subSequenceNumber, payloadKind }: Rejection): void {
    if (payloadKind !== 'record') return;
    const name = `${stage} ${shardId} ${sequenceNumber} ${subSequenceNumber}`;
    if (this.#records.has(name)) this.#violated(`${id}: record ${sequenceNumber} was rejected a second time`);
    this.#records.add(name);
  }

  /** Only what was in quarantine comes there again, with its origin and one try more. */
  #requireRedriven(id: string, rejection: Rejection): void {
    const origin = originOf(rejection, rejection.redrives);
    const before = [...this.#known.values()].find(
      (known) =>
        known.redriven && !known.followed && originOf(known.rejection, (known.rejection.redrives ?? 0) + 1) === origin,
    );
    if (before === undefined) this.#violated(`${id} was redriven, and is none of those that were rejected before`);
    else before.followed = true;
  }
}

const originOf = (rejection: Rejection, tries: number | undefined): string => {
  const { stage, shardId, sequenceNumber, subSequenceNumber, arrivalMs, payloadKind, payload } = rejection;
  const { lp, window, epoch } = rejection;
  return JSON.stringify([
    ...[stage, shardId, sequenceNumber, subSequenceNumber, arrivalMs, payloadKind, payload],
    ...[lp, window, epoch, tries],
  ]);
};
