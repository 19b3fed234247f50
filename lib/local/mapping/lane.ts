import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StreamRecord } from '../../connectors/stream-port.ts';
import type { InvocationResult } from '../containers/function-host.ts';
import { BatchBuffer } from './batch-buffer.ts';
import {
  type Batch,
  type DiscardCondition,
  type NextStep,
  newBatch,
  nextStep,
  splitExpired,
} from './batch-delivery.ts';
import { failureDocument } from './failure-document.ts';
import { type EventOrigin, toLambdaEvent } from './lambda-event.ts';
import type { MappingParts } from './mapping-parts.ts';
import { Pauser } from './pauser.ts';
import { retryDelayMs } from './retry-delay.ts';

export interface LaneSetup {
  readonly parts: MappingParts;
  readonly origin: EventOrigin;
  readonly index: number;
  /** Records older than this are not delivered. */
  readonly maximumAgeMs: number;
  /** Called when records were settled or a batch has left the buffer. */
  readonly onProgress: () => void;
}

/** One of a shard's parallel lines: it holds its records in order and has one batch under way at a time. */
export class Lane {
  /** Records that came in; records that were delivered or discarded. */
  accepted = 0;
  settled = 0;
  readonly #setup: LaneSetup;
  readonly #buffer: BatchBuffer;
  readonly #pauser: Pauser;
  /** Batches that failed, or parts of them, before anything in the buffer. */
  #pending: readonly Batch[] = [];
  #underWay: Batch | undefined;
  #lastResult: InvocationResult | undefined;
  #closed = false;
  #failuresInRow = 0;
  #resumeMs = 0;

  constructor(setup: LaneSetup) {
    this.#setup = setup;
    this.#buffer = new BatchBuffer(setup.parts.options);
    this.#pauser = new Pauser(setup.parts.clock);
  }

  get bufferedCount(): number {
    return this.#buffer.count;
  }

  get bufferedBytes(): number {
    return this.#buffer.bytes;
  }

  get inFlightCount(): number {
    return this.#underWay?.records.length ?? 0;
  }

  get oldestArrivalMs(): number | undefined {
    return (this.#underWay ?? this.#pending[0])?.records[0]?.arrivalMs ?? this.#buffer.oldest?.arrivalMs;
  }

  push(record: StreamRecord, bytes: number, readMs: number): void {
    this.#buffer.push(record, bytes, readMs);
    this.accepted++;
  }

  /** Nothing comes any more: what is there need not wait for a full batch. */
  close(): void {
    this.#closed = true;
    this.wake();
  }

  wake(): void {
    this.#pauser.wake();
  }

  /** Delivers until the lane is closed and empty, or until `signal` aborts; then it can be run again. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const nowMs = this.#setup.parts.clock.nowMs();
      const waitMs = nowMs < this.#resumeMs ? this.#resumeMs - nowMs : this.#waitForBatchMs(nowMs);
      if (waitMs === 0) {
        await this.#deliver(this.#nextBatch());
        // With memory streams and an inline function nothing else would let timers and sockets in.
        await nextTurn();
      } else if (waitMs !== undefined) await this.#pauser.sleep(waitMs);
      else if (this.#closed) return;
      else await this.#pauser.wait();
    }
  }

  #waitForBatchMs(nowMs: number): number | undefined {
    if (this.#pending.length > 0) return 0;
    const waitMs = this.#buffer.waitMs(nowMs);
    return this.#closed && waitMs !== undefined ? 0 : waitMs;
  }

  #nextBatch(): Batch {
    const [first, ...rest] = this.#pending;
    if (first === undefined) return newBatch(this.#buffer.take());
    this.#pending = rest;
    return first;
  }

  async #deliver(batch: Batch): Promise<void> {
    const { parts, origin, maximumAgeMs, onProgress } = this.#setup;
    const { expired, live } = splitExpired(batch, parts.clock.nowMs() - maximumAgeMs);
    if (expired !== undefined) {
      await this.#discard(expired, 'RecordAgeExceeded', batch.invokeCount > 0 ? this.#lastResult : undefined);
    }
    if (live === undefined) return;
    this.#underWay = live;
    onProgress();
    const result = await this.#invoke(live, origin);
    this.#underWay = undefined;
    this.#lastResult = result;
    const next = nextStep(live, result, parts.options);
    this.#pending = [...next.again, ...this.#pending];
    const pauseMs = this.#pauseAfter(next);
    this.#report(live, result, next, pauseMs);
    if (next.discard !== undefined) await this.#discard(next.discard, 'RetryAttemptsExhausted', result);
    this.#settle(next.doneCount);
  }

  async #invoke(batch: Batch, origin: EventOrigin): Promise<InvocationResult> {
    const { host, counts } = this.#setup.parts;
    counts.invocations++;
    if (batch.invokeCount > 0) counts.retries++;
    try {
      return await host.invoke(toLambdaEvent(batch.records, origin));
    } catch (thrown) {
      return { ok: false, error: { type: 'Unhandled', message: `the function host failed: ${String(thrown)}` } };
    }
  }

  #pauseAfter(next: NextStep): number {
    const { clock, options, random } = this.#setup.parts;
    if (next.outcome === 'retry' || next.outcome === 'not-run') this.#failuresInRow++;
    else this.#failuresInRow = next.pause ? 1 : 0;
    if (!next.pause) return 0;
    const { retryBaseDelayMs, retryMaximumDelayMs } = options;
    const pauseMs = retryDelayMs(this.#failuresInRow, retryBaseDelayMs, retryMaximumDelayMs, random);
    this.#resumeMs = clock.nowMs() + pauseMs;
    return pauseMs;
  }

  #report(batch: Batch, result: InvocationResult, next: NextStep, pauseMs: number): void {
    const { observer, counts } = this.#setup.parts;
    const event = {
      shardId: this.#setup.origin.shardId,
      lane: this.#setup.index,
      recordCount: batch.records.length,
      firstSequenceNumber: batch.records[0]?.sequenceNumber ?? '',
      lastSequenceNumber: batch.records.at(-1)?.sequenceNumber ?? '',
      requestId: result.requestId,
    };
    counts.delivered += next.doneCount;
    if (next.outcome === 'delivered') {
      observer.onDelivered(event);
      return;
    }
    counts.failures++;
    observer.onFailed({ ...event, error: result.ok ? undefined : result.error, outcome: next.outcome, pauseMs });
  }

  async #discard(batch: Batch, condition: DiscardCondition, result: InvocationResult | undefined): Promise<void> {
    const { parts, origin } = this.#setup;
    const requestId = result?.requestId ?? parts.random.uniqueId();
    const discard = { batch, condition, result, requestId, nowMs: parts.clock.nowMs() };
    const document = failureDocument(discard, origin, parts.functionArn);
    parts.counts.discarded += batch.records.length;
    try {
      await parts.destinationOnFailure?.(document);
    } catch (error) {
      parts.observer.onProblem(error, `sending discarded records of ${origin.shardId} to the on-failure destination`);
    }
    parts.observer.onDiscarded(document);
    this.#settle(batch.records.length);
  }

  #settle(count: number): void {
    if (count === 0) return;
    this.settled += count;
    this.#setup.onProgress();
  }
}
