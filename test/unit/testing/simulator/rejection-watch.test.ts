import { describe, expect, it } from 'vitest';
import type { CommitBody } from '../../../../lib/commit/commit.ts';
import { emptyOutbox, type Rejection } from '../../../../lib/commit/outbox.ts';
import type { QuarantinedRecord } from '../../../../lib/runtime/quarantine.ts';
import { RejectionWatch } from '../../../../lib/testing/simulator/rejection-watch.ts';

const UNIT = 'job/1/in/orders@0/shard-0';

const rejection = (sequenceNumber: string, more: Partial<Rejection> = {}): Rejection => ({
  code: 'USER_CODE',
  message: '',
  path: '',
  operator: 'check',
  stage: 'in',
  shardId: 'shard-0',
  sequenceNumber,
  subSequenceNumber: 0,
  arrivalMs: 0,
  payloadKind: 'record',
  payload: Buffer.from(`record ${sequenceNumber}`).toString('base64'),
  ...more,
});

const watch = () => {
  const violations: string[] = [];
  const sent = (_stream: string, shardId: string, sequenceNumber: string) =>
    shardId === 'shard-0' ? Buffer.from(`record ${sequenceNumber}`) : undefined;
  const watched = new RejectionWatch(sent, (what) => violations.push(what));
  const commit = (
    n: number,
    rejections: readonly Rejection[],
    ledger: Readonly<Record<string, 1 | undefined>> = {},
  ) => {
    const changes = Object.entries(ledger).map(([key, value]) => ({ lp: -1, table: 0, key, value }));
    const body = { changes, outbox: { ...emptyOutbox, rejections } };
    watched.onCommitted(UNIT, n, body as unknown as CommitBody);
  };
  return { watched, violations, commit };
};

const place = (n: number, index = 0) => ({ unit: UNIT, n, index });
const idOf = (n: number, index = 0) => `${UNIT}#${n}#${index}`;

describe('the watch over what is rejected', () => {
  it('has nothing against a record that is redriven, rejected again, and redriven at last', () => {
    const { watched, violations, commit } = watch();
    commit(1, [rejection('7')]);
    commit(2, [rejection('7', { redrives: 1 })], { [idOf(1)]: 1 });
    watched.onMarked(place(1));
    watched.onDeleted(place(1));
    commit(3, [], { [idOf(1)]: undefined, [idOf(2)]: 1 });
    watched.onMarked(place(2));
    watched.requireListed([]);
    expect(violations).toEqual([]);
    expect(watched.all).toHaveLength(2);
  });

  it('sees a record that is redriven twice, or rejected twice without having been', () => {
    const { violations, commit } = watch();
    commit(1, [rejection('7')]);
    commit(2, [], { [idOf(1)]: 1 });
    commit(3, [], { [idOf(1)]: 1 });
    commit(4, [rejection('7')]);
    expect(violations).toEqual([
      expect.stringContaining('redriven a second time'),
      expect.stringContaining('record 7 was rejected a second time'),
    ]);
  });

  it('sees steps in another order than commit, mark, deletion, forgetting', () => {
    const { watched, violations, commit } = watch();
    commit(1, [rejection('7'), rejection('8')]);
    watched.onDeleted(place(1));
    watched.onMarked(place(1));
    commit(2, [], { [idOf(1, 1)]: 1 });
    commit(3, [], { [idOf(1, 1)]: undefined });
    expect(violations).toEqual([
      expect.stringContaining('left the quarantine before it was marked'),
      expect.stringContaining('no commit says so'),
      expect.stringContaining('the ledger forgot'),
    ]);
  });

  it('sees an origin that is not that of the record, or not that of the first try', () => {
    const { violations, commit } = watch();
    commit(1, [rejection('7', { shardId: 'shard-1' }), rejection('8')]);
    commit(2, [rejection('8', { redrives: 2 })], { [idOf(1, 1)]: 1 });
    expect(violations).toEqual([
      expect.stringContaining('record 7 of shard-1, which is another'),
      expect.stringContaining('none of those that were rejected before'),
    ]);
  });

  it('sees what is missing in quarantine, and what should not be there any more', () => {
    const { watched, violations, commit } = watch();
    commit(1, [rejection('7'), rejection('8')]);
    commit(2, [], { [idOf(1)]: 1 });
    watched.onMarked(place(1));
    watched.requireListed([{ ...rejection('7'), ...place(1) } as QuarantinedRecord]);
    expect(violations).toEqual([
      `${idOf(1)} is listed in quarantine`,
      `${idOf(1, 1)} was rejected, and is not in quarantine`,
    ]);
  });
});
