import { describe, expect, test } from 'vitest';
import type { InvocationResult } from '../../../lib/local/containers/function-host.ts';
import {
  type Batch,
  type DeliveryPolicy,
  newBatch,
  nextStep,
  splitExpired,
} from '../../../lib/local/mapping/batch-delivery.ts';
import { failed } from './mapping-rig.ts';

const batchOf = (count: number): Batch =>
  newBatch(
    Array.from({ length: count }, (_, i) => ({
      sequenceNumber: `10${i}`,
      partitionKey: 'k',
      data: new Uint8Array(),
      arrivalMs: 1_000 + i,
    })),
  );
const policy = (given: Partial<DeliveryPolicy> = {}): DeliveryPolicy => ({
  maximumRetryAttempts: -1,
  bisectBatchOnFunctionError: false,
  reportBatchItemFailures: false,
  ...given,
});
const answer = (payload: unknown): InvocationResult => ({ ok: true, payload });
const report = (...ids: unknown[]) => answer({ batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) });
const sizes = (batches: readonly Batch[]) => batches.map(({ records }) => records.length);

describe('a batch that the function took', () => {
  test('is done as a whole, whatever the function returned', () => {
    const step = nextStep(batchOf(4), report('101'), policy());
    expect(step).toMatchObject({ outcome: 'delivered', doneCount: 4, again: [], pause: false });
  });
});

describe('a failed invocation', () => {
  test('brings the same batch again after a pause and spends a retry', () => {
    const step = nextStep(batchOf(4), failed(), policy());
    expect(step).toMatchObject({ outcome: 'retry', doneCount: 0, pause: true });
    expect(step.again).toEqual([{ ...batchOf(4), retryCount: 1, invokeCount: 1 }]);
  });

  test('discards the batch when the retries are spent', () => {
    const limited = policy({ maximumRetryAttempts: 1 });
    const second = nextStep(batchOf(2), failed(), limited).again[0] as Batch;
    const step = nextStep(second, failed(), limited);
    expect(step).toMatchObject({ outcome: 'discarded', again: [], discard: { retryCount: 1, invokeCount: 2 } });
  });

  test('discards at once when no retry is allowed', () => {
    expect(nextStep(batchOf(1), failed(), policy({ maximumRetryAttempts: 0 })).outcome).toBe('discarded');
  });

  test('counts a killed container as a failure', () => {
    expect(nextStep(batchOf(1), failed('Killed'), policy({ maximumRetryAttempts: 0 })).outcome).toBe('discarded');
  });

  test('spends no retry when the function was throttled', () => {
    const step = nextStep(batchOf(3), failed('Throttled'), policy({ maximumRetryAttempts: 0 }));
    expect(step).toMatchObject({ outcome: 'not-run', again: [batchOf(3)], pause: true });
  });
});

describe('bisecting', () => {
  const bisecting = policy({ bisectBatchOnFunctionError: true, maximumRetryAttempts: 0 });

  test('halves a failed batch, first half first, and spends no retry', () => {
    const step = nextStep(batchOf(5), failed(), bisecting);
    expect(step.outcome).toBe('bisected');
    expect(sizes(step.again)).toEqual([3, 2]);
    expect(step.again[0]?.records[0]?.sequenceNumber).toBe('100');
    expect(step.again.map(({ retryCount }) => retryCount)).toEqual([0, 0]);
  });

  test('cannot halve one record: then retries count', () => {
    expect(nextStep(batchOf(1), failed(), bisecting).outcome).toBe('discarded');
  });

  test('splits at the reported record when partial responses are on, and only the rest comes again', () => {
    const step = nextStep(batchOf(5), report('103'), { ...bisecting, reportBatchItemFailures: true });
    expect(step).toMatchObject({ outcome: 'partial', doneCount: 3 });
    expect(sizes(step.again)).toEqual([2]);
    expect(step.again[0]?.retryCount).toBe(0);
  });

  test('halves when the report names the first record', () => {
    const step = nextStep(batchOf(4), report('100'), { ...bisecting, reportBatchItemFailures: true });
    expect(step.outcome).toBe('bisected');
    expect(sizes(step.again)).toEqual([2, 2]);
  });

  test('halves after an error even when partial responses are on', () => {
    const step = nextStep(batchOf(4), failed(), { ...bisecting, reportBatchItemFailures: true });
    expect(step.outcome).toBe('bisected');
  });
});

describe('partial batch responses', () => {
  const reporting = policy({ reportBatchItemFailures: true });

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['an empty text', ''],
    ['an empty object', {}],
    ['a null list', { batchItemFailures: null }],
    ['an empty list', { batchItemFailures: [] }],
    ['an answer about something else', { statusCode: 200 }],
  ])('%s is a success', (_name, payload) => {
    expect(nextStep(batchOf(2), answer(payload), reporting).outcome).toBe('delivered');
  });

  test.each([
    ['an empty identifier', { batchItemFailures: [{ itemIdentifier: '' }] }],
    ['a null identifier', { batchItemFailures: [{ itemIdentifier: null }] }],
    ['a wrong key', { batchItemFailures: [{ sequenceNumber: '101' }] }],
    ['an identifier of no record', { batchItemFailures: [{ itemIdentifier: '101' }, { itemIdentifier: '999' }] }],
    ['a null item', { batchItemFailures: [null] }],
    ['no list', { batchItemFailures: '101' }],
    ['a text', 'done'],
  ])('%s is a failure of the whole batch', (_name, payload) => {
    const step = nextStep(batchOf(3), answer(payload), reporting);
    expect(step).toMatchObject({ outcome: 'retry', doneCount: 0 });
    expect(sizes(step.again)).toEqual([3]);
  });

  test('start again at the lowest reported sequence number', () => {
    const step = nextStep(batchOf(6), report('104', '102', '105'), reporting);
    expect(step).toMatchObject({ outcome: 'partial', doneCount: 2, pause: true });
    expect(step.again[0]?.records.map(({ sequenceNumber }) => sequenceNumber)).toEqual(['102', '103', '104', '105']);
    expect(step.again[0]?.retryCount).toBe(1);
  });

  test('discard from the reported record on when no retry is allowed', () => {
    const step = nextStep(batchOf(4), report('102'), { ...reporting, maximumRetryAttempts: 0 });
    expect(step).toMatchObject({ outcome: 'discarded', doneCount: 2 });
    expect(step.discard?.records).toHaveLength(2);
  });

  test('begin a new count of retries when the report moves forward', () => {
    const limited = { ...reporting, maximumRetryAttempts: 1 };
    const rest = nextStep(batchOf(4), report('101'), limited).again[0] as Batch;
    const further = nextStep(rest, report('102'), limited);
    expect(further).toMatchObject({ outcome: 'partial', doneCount: 1 });
    expect(nextStep(further.again[0] as Batch, report('102'), limited).outcome).toBe('discarded');
  });
});

describe('records that are too old', () => {
  test('are cut off at the front', () => {
    const { expired, live } = splitExpired(batchOf(4), 1_002);
    expect(expired?.records).toHaveLength(2);
    expect(live?.records.map(({ arrivalMs }) => arrivalMs)).toEqual([1_002, 1_003]);
  });

  test('may be all or none', () => {
    expect(splitExpired(batchOf(2), 1_000)).toEqual({ expired: undefined, live: batchOf(2) });
    expect(splitExpired(batchOf(2), 5_000)).toEqual({ expired: batchOf(2), live: undefined });
  });
});
