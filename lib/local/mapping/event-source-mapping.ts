import type { StreamPort } from '../../connectors/stream-port.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { type Random, systemRandom } from '../../core/random.ts';
import type { FunctionHost } from '../containers/function-host.ts';
import type { FailureDocument } from './failure-document.ts';
import { compileFilterCriteria } from './filter-criteria.ts';
import { guardObserver, type MappingCounts, type MappingObserver, newMappingCounts } from './mapping-observer.ts';
import { type MappingOptions, type ResolvedMappingOptions, resolveMappingOptions } from './mapping-options.ts';
import type { MappingParts } from './mapping-parts.ts';
import { type MappingSettings, mappingSettings } from './mapping-settings.ts';
import { Pauser } from './pauser.ts';
import { ShardLineage } from './shard-lineage.ts';
import type { ShardPoller, ShardStats } from './shard-poller.ts';

export interface EventSourceMappingSetup {
  readonly streams: StreamPort;
  readonly host: FunctionHost;
  readonly options: MappingOptions;
  /** Gets a document for each discarded batch. Default: nobody does. */
  readonly destinationOnFailure?: (document: FailureDocument) => Promise<void>;
  readonly observer?: MappingObserver;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: the system's. */
  readonly random?: Random;
}

export interface MappingStats extends Readonly<MappingCounts> {
  /** Records in the invocations under way. */
  readonly inFlight: number;
  readonly shards: readonly ShardStats[];
}

/**
 * Lambda's event source mapping for a Kinesis stream, in this process: it polls the shards and invokes the function with
 * batches, in order, as AWS documents it. `docs/event-source-mapping.md` says row by row what was checked.
 *
 * @throws MillraceError `INVALID_OPTION`, `MAPPING_UNSAFE` (configuration) from the constructor
 * @example
 * const mapping = new EventSourceMapping({ streams, host, options: { stream: 'orders', startingPosition: 'TRIM_HORIZON' } });
 * await mapping.start();
 * await mapping.idle();
 * await mapping.stop();
 */
export class EventSourceMapping {
  readonly options: ResolvedMappingOptions;
  readonly #parts: MappingParts;
  readonly #pauser: Pauser;
  readonly #runs = new Set<Promise<void>>();
  #lineage: ShardLineage | undefined;
  #running: AbortController | undefined;
  #stopped = Promise.withResolvers<false>();
  #failure: { readonly error: unknown } | undefined;
  #listingWaiters: (() => void)[] = [];

  constructor(setup: EventSourceMappingSetup) {
    const { streams, host, clock = systemClock, random = systemRandom, observer = {} } = setup;
    this.options = resolveMappingOptions(setup.options, clock.nowMs());
    const { region, stream, functionName, filterCriteria } = this.options;
    this.#pauser = new Pauser(clock);
    this.#parts = {
      options: this.options,
      streams,
      host,
      clock,
      random,
      filter: filterCriteria === undefined ? () => true : compileFilterCriteria(filterCriteria),
      observer: guardObserver(observer),
      counts: newMappingCounts(),
      destinationOnFailure: setup.destinationOnFailure,
      streamArn: `arn:aws:kinesis:${region}:000000000000:stream/${stream}`,
      roleArn: `arn:aws:iam::000000000000:role/${functionName}`,
      functionArn: `arn:aws:lambda:${region}:000000000000:function:${functionName}`,
    };
  }

  /**
   * Begins, or after `stop` goes on where it stopped. When it resolves, LATEST is fixed: what is put from then on is
   * delivered.
   *
   * @throws MillraceError `STREAM_NOT_FOUND`, `ACCESS_DENIED` (configuration), `STREAM_UNAVAILABLE` (retryable)
   */
  async start(): Promise<void> {
    if (this.#running !== undefined) return;
    const running = new AbortController();
    this.#running = running;
    try {
      this.#lineage ??= await this.#newLineage();
    } catch (error) {
      this.#running = undefined;
      throw error;
    }
    if (running.signal.aborted) return;
    this.#launchShards();
    this.#track(this.#discover(running.signal));
  }

  /**
   * Waits for the invocations under way and starts no others. Positions are kept, in this process only.
   *
   * @throws whatever broke one of the mapping's own loops
   */
  async stop(): Promise<void> {
    this.#halt();
    while (this.#runs.size > 0) await Promise.all(this.#runs);
    this.#running = undefined;
    this.#stopped = Promise.withResolvers();
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
  }

  /**
   * Resolves with true when everything readable at the time of the call was delivered or discarded, in shards that nobody
   * had listed yet too; with false when the mapping is not running or is stopped first.
   */
  async idle(): Promise<boolean> {
    if (this.#running === undefined || this.#running.signal.aborted) return false;
    const settled = async () => {
      await this.#nextListing();
      await Promise.all((this.#lineage?.pollers ?? []).map((poller) => poller.settled()));
      return true;
    };
    return Promise.race([settled(), this.#stopped.promise]);
  }

  /** What is really configured, in AWS's own shape. */
  settings(): MappingSettings {
    return mappingSettings(this.options, {
      streamArn: this.#parts.streamArn,
      functionArn: this.#parts.functionArn,
      enabled: this.#running !== undefined,
      hasDestination: this.#parts.destinationOnFailure !== undefined,
    });
  }

  stats(): MappingStats {
    const nowMs = this.#parts.clock.nowMs();
    const shards = (this.#lineage?.pollers ?? []).map((poller) => poller.stats(nowMs));
    return { ...this.#parts.counts, inFlight: shards.reduce((sum, shard) => sum + shard.inFlight, 0), shards };
  }

  async #newLineage(): Promise<ShardLineage> {
    const { streams, options } = this.#parts;
    const { retentionMs } = await streams.describe(options.stream);
    const { maximumRecordAgeInSeconds: seconds } = options;
    const lineage = new ShardLineage(this.#parts, seconds < 0 ? retentionMs : Math.min(retentionMs, seconds * 1_000));
    await lineage.update(await streams.listShards(options.stream));
    return lineage;
  }

  #launchShards(): void {
    const signal = this.#running?.signal;
    if (signal === undefined || signal.aborted) return;
    for (const poller of this.#lineage?.startable() ?? []) this.#track(this.#runShard(poller, signal));
  }

  async #runShard(poller: ShardPoller, signal: AbortSignal): Promise<void> {
    await poller.run(signal);
    if (!poller.done) return;
    this.#launchShards();
    this.#pauser.wake();
  }

  async #discover(signal: AbortSignal): Promise<void> {
    const { options, observer, streams } = this.#parts;
    while (!signal.aborted) {
      if (this.#listingWaiters.length === 0) await this.#pauser.sleep(options.shardDiscoveryIntervalMs);
      if (signal.aborted) return;
      const waiters = this.#listingWaiters;
      this.#listingWaiters = [];
      try {
        await this.#lineage?.update(await streams.listShards(options.stream));
        this.#launchShards();
        for (const resolve of waiters) resolve();
      } catch (error) {
        observer.onProblem(error, `listing the shards of ${options.stream}`);
        await this.#pauser.sleep(options.pollIntervalMs);
        this.#listingWaiters.push(...waiters);
      }
    }
  }

  /** Resolves after a listing that is made from now on. */
  #nextListing(): Promise<void> {
    return new Promise((resolve) => {
      this.#listingWaiters.push(resolve);
      this.#pauser.wake();
    });
  }

  #track(run: Promise<void>): void {
    const tracked = run
      .catch((error: unknown) => {
        // A defect of the mapping itself: it stops as a whole instead of leaving one shard behind.
        this.#failure ??= { error };
        this.#parts.observer.onProblem(error, 'running the mapping');
        this.#halt();
      })
      .finally(() => this.#runs.delete(tracked));
    this.#runs.add(tracked);
  }

  #halt(): void {
    this.#running?.abort();
    this.#stopped.resolve(false);
    this.#listingWaiters = [];
    this.#pauser.wake();
    for (const poller of this.#lineage?.pollers ?? []) poller.wake();
  }
}
