import { hash } from 'node:crypto';
import type { ReadPage, ReadStart, Shard, ShardReader, StreamRecord } from '../../connectors/stream-port.ts';
import { MillraceError } from '../../errors/millrace-error.ts';
import { createRecordSizer, type EventOrigin } from './lambda-event.ts';
import { Lane } from './lane.ts';
import type { MappingParts } from './mapping-parts.ts';
import { Pauser } from './pauser.ts';
import { retryDelayMs } from './retry-delay.ts';

export interface ShardStats {
  readonly shardId: string;
  /** `waiting`: for its parents. `ended`: closed, and everything in it was delivered or discarded. */
  readonly state: 'waiting' | 'reading' | 'ended';
  /** How old the oldest record is that is not done; 0 when there is none. */
  readonly lagMs: number;
  readonly buffered: number;
  readonly inFlight: number;
}

const readAheadRecords = 1_000;
const readAheadBytes = 12 * 1024 * 1024;
const mostPerRead = 10_000;
/** Kinesis may answer with empty pages on the way to the tip. */
const emptyPagePauseMs = 20;

/** Somebody who wants to know when everything readable now is settled. */
interface Waiter {
  readonly resolve: () => void;
  /** Records accepted by each lane when the tip was seen. */
  targets: readonly number[] | undefined;
}

/** Reads one shard ahead of its lanes, as far as their buffers allow. */
export class ShardPoller {
  readonly shard: Shard;
  readonly #parts: MappingParts;
  readonly #start: ReadStart;
  readonly #lanes: readonly Lane[];
  readonly #sizeOf: (record: StreamRecord) => number;
  readonly #pauser: Pauser;
  #reader: ShardReader | undefined;
  #waiters: Waiter[] = [];
  #behindLatestMs = 0;
  #running = false;
  #waitsForRoom = false;
  #readerEnded = false;
  #done = false;
  #failuresInRow = 0;

  constructor(parts: MappingParts, shard: Shard, start: ReadStart, maximumAgeMs: number) {
    const { options, streamArn, roleArn } = parts;
    const origin: EventOrigin = { shardId: shard.shardId, region: options.region, streamArn, roleArn };
    this.shard = shard;
    this.#parts = parts;
    this.#start = start;
    this.#sizeOf = createRecordSizer(origin);
    this.#pauser = new Pauser(parts.clock);
    const onProgress = () => this.#onProgress();
    this.#lanes = Array.from(
      { length: options.parallelizationFactor },
      (_, index) => new Lane({ parts, origin, index, maximumAgeMs, onProgress }),
    );
  }

  /** The shard is closed and everything in it is settled: its children may start. */
  get done(): boolean {
    return this.#done;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Fixes the starting position; `run` does it otherwise. */
  async open(): Promise<void> {
    this.#reader ??= await this.#parts.streams.openReader(this.#parts.options.stream, this.shard.shardId, this.#start);
  }

  /** Reads and delivers until the shard is done or `signal` aborts; then it can be run again where it stopped. */
  async run(signal: AbortSignal): Promise<void> {
    this.#running = true;
    try {
      await Promise.all([this.#read(signal), ...this.#lanes.map((lane) => lane.run(signal))]);
    } finally {
      this.#running = false;
    }
    if (this.#readerEnded && this.#lanes.every((lane) => lane.settled === lane.accepted)) this.#done = true;
    this.#resolveWaiters();
  }

  wake(): void {
    this.#pauser.wake();
    for (const lane of this.#lanes) lane.wake();
  }

  /** Resolves when all that a read from now on finds, up to the tip, is delivered or discarded. */
  settled(): Promise<void> {
    if (this.#done) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiters.push({ resolve, targets: this.#readerEnded ? this.#acceptedByLane() : undefined });
      this.#pauser.wake();
    });
  }

  stats(nowMs: number): ShardStats {
    const oldestMs = Math.min(...this.#lanes.map((lane) => lane.oldestArrivalMs ?? Number.POSITIVE_INFINITY));
    return {
      shardId: this.shard.shardId,
      state: this.#done ? 'ended' : this.#running ? 'reading' : 'waiting',
      lagMs: this.#done ? 0 : Math.max(this.#behindLatestMs, Number.isFinite(oldestMs) ? nowMs - oldestMs : 0),
      buffered: this.#buffered(),
      inFlight: this.#lanes.reduce((sum, lane) => sum + lane.inFlightCount, 0),
    };
  }

  async #read(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#readerEnded) {
      if (!this.#hasRoom()) {
        this.#waitsForRoom = true;
        await this.#pauser.wait();
        this.#waitsForRoom = false;
        continue;
      }
      const askedBefore = this.#waiters.filter((waiter) => waiter.targets === undefined);
      const page = await this.#nextPage();
      const pauseMs = page === undefined ? this.#errorPauseMs() : this.#accept(page, askedBefore);
      if (pauseMs > 0 && !this.#readerEnded) await this.#pauser.sleep(pauseMs);
    }
    if (!this.#readerEnded) return;
    for (const waiter of this.#waiters) waiter.targets ??= this.#acceptedByLane();
    for (const lane of this.#lanes) lane.close();
  }

  /** `undefined` when the read failed. */
  async #nextPage(): Promise<ReadPage | undefined> {
    try {
      await this.open();
      const page = await this.#reader?.next(Math.min(mostPerRead, this.#capacity() - this.#buffered()));
      this.#failuresInRow = 0;
      return page;
    } catch (error) {
      this.#failuresInRow++;
      this.#parts.observer.onProblem(error, `reading ${this.shard.shardId} of ${this.#parts.options.stream}`);
      // The shard's retention is over: there is nothing to come back to.
      if (error instanceof MillraceError && error.code === 'LINEAGE_LOST') this.#readerEnded = true;
      return undefined;
    }
  }

  /** @returns how long to wait before the next read */
  #accept(page: ReadPage, askedBefore: readonly Waiter[]): number {
    const { clock, counts, filter, options } = this.#parts;
    const nowMs = clock.nowMs();
    for (const record of page.records) {
      if (filter(record)) this.#laneOf(record).push(record, this.#sizeOf(record), nowMs);
      else counts.filtered++;
    }
    this.#behindLatestMs = page.behindLatestMs;
    this.#readerEnded = page.ended;
    if (page.records.length > 0) for (const lane of this.#lanes) lane.wake();
    if (page.behindLatestMs > 0)
      return page.records.length > 0 ? 0 : Math.min(emptyPagePauseMs, options.pollIntervalMs);
    for (const waiter of askedBefore) waiter.targets = this.#acceptedByLane();
    this.#resolveWaiters();
    return options.pollIntervalMs;
  }

  #errorPauseMs(): number {
    const { pollIntervalMs, retryMaximumDelayMs } = this.#parts.options;
    return retryDelayMs(
      this.#failuresInRow,
      pollIntervalMs,
      Math.max(pollIntervalMs, retryMaximumDelayMs),
      this.#parts.random,
    );
  }

  #laneOf(record: StreamRecord): Lane {
    const count = this.#lanes.length;
    const index = count === 1 ? 0 : Number.parseInt(hash('md5', record.partitionKey, 'hex').slice(0, 8), 16) % count;
    return this.#lanes[index] as Lane;
  }

  #capacity(): number {
    const { batchSize, parallelizationFactor } = this.#parts.options;
    return Math.max(readAheadRecords, 2 * batchSize * parallelizationFactor);
  }

  /** Reads are worth their cost only when they can bring more than a few records. */
  #hasRoom(): boolean {
    const bytes = this.#lanes.reduce((sum, lane) => sum + lane.bufferedBytes, 0);
    return this.#buffered() <= this.#capacity() / 2 && bytes < readAheadBytes;
  }

  #buffered(): number {
    return this.#lanes.reduce((sum, lane) => sum + lane.bufferedCount, 0);
  }

  #acceptedByLane(): readonly number[] {
    return this.#lanes.map((lane) => lane.accepted);
  }

  #onProgress(): void {
    // A reader that sleeps until its next poll is due is not brought nearer to it by progress.
    if (this.#waitsForRoom && this.#hasRoom()) this.#pauser.wake();
    this.#resolveWaiters();
  }

  #resolveWaiters(): void {
    if (this.#waiters.length === 0) return;
    const reached = ({ targets }: Waiter) =>
      this.#done || targets?.every((target, index) => (this.#lanes[index]?.settled ?? 0) >= target) === true;
    const resolved = this.#waiters.filter(reached);
    this.#waiters = this.#waiters.filter((waiter) => !reached(waiter));
    for (const waiter of resolved) waiter.resolve();
  }
}
