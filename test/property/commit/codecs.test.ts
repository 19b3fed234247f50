import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBody, encodeBody } from '../../../lib/commit/body-codec.ts';
import type { CommitBody, CommitHeader } from '../../../lib/commit/commit.ts';
import { decodeFrame, encodeFrame } from '../../../lib/commit/frame.ts';
import { type HopRow, toHopRows } from '../../../lib/commit/hop-rows.ts';
import { decodeRegistry, encodeRegistry, type Registry } from '../../../lib/commit/registry.ts';
import { decodeSlot, encodeSlot, RING_SIZE, type StoredPayload } from '../../../lib/commit/slot.ts';
import { decodePacket, encodePacket } from '../../../lib/runtime/packet.ts';
import type { EntryChange } from '../../../lib/state/state-table.ts';

const count = fc.nat({ max: 1_000_000 });
const time = fc.oneof(fc.integer(), fc.constantFrom(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER));
const text = fc.string({ unit: 'binary' });
const json = fc
  .jsonValue({ maxDepth: 3, stringUnit: 'binary' })
  // JSON knows no negative zero.
  .map((value) => JSON.parse(JSON.stringify(value)) as unknown);

const runs = fc
  .array(fc.record({ from: fc.nat({ max: 30 }), length: fc.nat({ max: 5 }), prev: count }), { maxLength: 5 })
  .map((list) => {
    let from = 0;
    return list.map((run) => {
      const start = from + run.from;
      from = start + run.length + 1;
      return { from: start, to: from - 1, prev: run.prev };
    });
  });
const hopRow = (edges: number, times: fc.Arbitrary<number>, spans: fc.Arbitrary<number | undefined>) =>
  fc
    .tuple(fc.nat({ max: 9 }), fc.nat({ max: edges }), times, spans, fc.oneof(text, fc.integer(), fc.boolean()), json)
    .map(([lp, edge, timeMs, span, key, value]): HopRow => {
      const [keyJson, valueJson] = [JSON.stringify(key), JSON.stringify(value)];
      return { lp, edge, timeMs, keyJson, valueJson, endMs: span === undefined ? undefined : timeMs + span };
    });
const eventTime = fc.integer({ min: -8.64e15, max: 8.64e15 });
const span = fc.integer({ min: 1, max: 1e12 });
/** As commits have them: of one edge or of several, of an instant or of many, combined or not. */
const hopRows = fc
  .oneof(
    ...[fc.constant(undefined), fc.constant(10_000), span, fc.oneof(fc.constant(undefined), span)].flatMap((spans) =>
      [eventTime, fc.constant(1_700_000_000_000), fc.constantFrom(-8.64e15, 8.64e15)].map((times) =>
        fc.nat({ max: 1 }).chain((edges) => fc.array(hopRow(edges, times, spans), { maxLength: 6 })),
      ),
    ),
  )
  .map((rows) => rows.sort((a, b) => a.lp - b.lp));

const children = fc.array(fc.record({ unit: text, parents: fc.array(text, { maxLength: 2 }) }), { maxLength: 2 });

const inNames = (list: readonly EntryChange[]): EntryChange[] =>
  [...list].sort((a, b) => a.table - b.table || (a.key < b.key ? -1 : 1));
const stateKey = fc.oneof(text, fc.integer(), fc.boolean());
const accumulators = fc.oneof(fc.tuple(fc.nat()), fc.array(json, { maxLength: 3 }));
const paneStart = fc.oneof(fc.constantFrom(1_700_000_000_000, 1_700_000_010_000), time);
/** Entries as the operators name them, and others; deleted ones too. */
const change = fc
  .oneof(
    fc.tuple(stateKey, paneStart, accumulators).map(([key, start, list]) => ({
      key: `${start}|${JSON.stringify(key)}`,
      value: [key, start, list, 1],
    })),
    fc.tuple(stateKey, json).map(([key, value]) => ({ key: JSON.stringify(key), value: [key, value] })),
    fc.record({ key: text, value: json }),
    fc.record({ key: text, value: fc.constant(undefined) }),
  )
  .chain((entry) =>
    fc.record({
      lp: fc.nat({ max: 3 }),
      table: fc.nat({ max: 2 }),
      key: fc.constant(entry.key),
      value: fc.constant(entry.value as unknown),
    }),
  );
const changes = fc.uniqueArray(change, { maxLength: 8, selector: ({ table, key }) => `${table} ${key}` });

const body: fc.Arbitrary<CommitBody> = fc.record({
  changes,
  marks: fc.array(
    fc.record({
      producer: text,
      from: count,
      to: count,
      n: count,
      watermarkMs: time,
      excluded: fc.boolean(),
      status: fc.constantFrom('active', 'sealed', 'unborn'),
    }),
    { maxLength: 3 },
  ),
  excluded: fc.boolean(),
  rejections: fc.record({ records: count, rejected: count }),
  outbox: fc.record({
    children,
    hops: fc.array(fc.record({ stage: text, watermarkMs: time, excluded: fc.boolean(), covers: runs, rows: hopRows }), {
      maxLength: 2,
    }),
    sinks: fc.array(
      fc.record({
        sink: text,
        rows: fc.array(
          fc.record({
            lp: fc.integer({ min: -1, max: 63 }),
            value: json,
            eventTimeMs: time,
            partitionKey: fc.oneof(fc.constant(undefined), text),
            n: count,
            index: count,
          }),
          { maxLength: 3 },
        ),
      }),
      { maxLength: 2 },
    ),
    rejections: fc.array(
      fc.record({
        code: fc.constantFrom('NOT_JSON' as const, 'CRASH' as const),
        message: text,
        path: text,
        operator: text,
        stage: text,
        shardId: text,
        sequenceNumber: text,
        subSequenceNumber: count,
        arrivalMs: time,
        payloadKind: fc.constantFrom('record' as const, 'row' as const, 'pane' as const),
        payload: text,
      }),
      { maxLength: 2 },
    ),
  }),
});

const payload: fc.Arbitrary<StoredPayload> = fc.oneof(
  fc.uint8Array().map((bytes) => ({ at: 'inline' as const, bytes })),
  fc.record({ n: count, attemptId: text, sizeBytes: count, sha: text }).map((ref) => ({ at: 'blob' as const, ref })),
  fc.constant({ at: 'none' as const }),
);

describe('what is stored comes back as it was:', () => {
  it('a commit’s body', () => {
    fc.assert(
      fc.property(body, (value) => {
        const decoded = decodeBody(encodeBody(value));
        // Table by table, and what is deleted last: no entry is changed twice.
        expect(inNames(decoded.changes)).toEqual(inNames(value.changes));
        expect({ ...decoded, changes: [] }).toEqual({ ...value, changes: [] });
      }),
    );
  });

  it('a frame, compressed or not', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          text.map((part) => part.repeat(500)),
        ),
        (value) => {
          // A lone surrogate is no text: UTF-8 cannot hold it.
          fc.pre(value.isWellFormed());
          expect(decodeFrame(encodeFrame(value))).toBe(value);
        },
      ),
    );
  });

  it('a slot', () => {
    const header: fc.Arbitrary<CommitHeader> = fc.record({
      n: fc.integer({ min: -RING_SIZE }),
      attemptId: text,
      epoch: count,
      kind: fc.constantFrom('genesis' as const, 'batch' as const, 'tick' as const, 'mark' as const),
      position: fc.record({
        sequenceNumber: fc.oneof(fc.constant(undefined), text),
        arrivalMs: count,
        emptyAsOfMs: count,
      }),
      watermarkMs: time,
    });
    fc.assert(
      fc.property(header, payload, (head, stored) => {
        expect(decodeSlot(encodeSlot('u', { header: head, payload: stored }))).toEqual({
          header: head,
          payload: stored,
        });
      }),
    );
  });

  it('a registry', () => {
    const registry: fc.Arbitrary<Registry> = fc.record({
      status: fc.constantFrom('CREATING' as const, 'READY' as const),
      base: count,
      n: count,
      partitions: fc.constant(64),
      ringSize: fc.constant(8),
      manifest: payload,
    });
    fc.assert(
      fc.property(registry, (value) => {
        expect(decodeRegistry(encodeRegistry('u', value), 64, 8)).toEqual(value);
      }),
    );
  });

  it('a packet', () => {
    const packet = fc.record({
      producer: text,
      n: count,
      watermarkMs: time,
      excluded: fc.boolean(),
      epoch: fc.integer({ min: 1 }),
      runs,
      children,
    });
    fc.assert(
      fc.property(packet, hopRows, (head, rows) => {
        const packet = decodePacket(encodePacket(head, rows));
        expect(packet).toMatchObject(head);
        expect(toHopRows(packet.rows)).toEqual(rows);
        expect(packet.rows.map(({ lp }) => lp)).toEqual([...new Set(rows.map(({ lp }) => lp))]);
      }),
    );
  });
});

describe('what nobody of ours wrote', () => {
  it('is refused as a packet by name, and never taken for a poison record', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(() => decodePacket(bytes)).toThrow(expect.objectContaining({ code: 'CORRUPT_PACKET' }));
      }),
    );
  });
});
