import type { CommitHeader } from '../commit/commit.ts';
import type { ChildUnit, HopOutput, Outbox, SinkOutput } from '../commit/outbox.ts';
import { putAll } from '../connectors/put-all.ts';
import type { PutEntry } from '../connectors/stream-port.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import { cutPackets, type PacketContent } from './cut-packets.ts';
import type { Deadline } from './deadline.ts';
import type { RuntimePorts } from './ports.ts';
import { storeRejections } from './quarantine.ts';
import type { ShardMap } from './shard-map.ts';
import { SinkSender } from './sink-sender.ts';

/** The commit whose outputs are sent. */
type Published = Pick<CommitHeader, 'n' | 'epoch'>;

/**
 * Sends what a commit says, and says it again as often as it takes. Receivers tell repeats by the commit's number: marks
 * for packets, fences and ids for sinks, names for quarantine items.
 */
export class Publisher {
  readonly sinks: SinkSender;
  readonly #ports: RuntimePorts;
  readonly #shards: ShardMap;
  readonly #partitions: number;
  /** Physical repartition stream by receiving stage. */
  readonly #streamOf: (stage: string) => string;

  constructor(
    ports: RuntimePorts,
    shards: ShardMap,
    incarnation: number,
    partitions: number,
    streamOf: (stage: string) => string,
  ) {
    this.#ports = ports;
    this.#shards = shards;
    this.sinks = new SinkSender(ports, incarnation);
    this.#partitions = partitions;
    this.#streamOf = streamOf;
  }

  /**
   * Resolves with what the deadline left over: an empty list when everything is acknowledged. Only sink rows can be left.
   * @throws MillraceError of the sink or the stream, retryable where a later try may work
   */
  async publish(unit: string, head: Published, outbox: Outbox, deadline: Deadline): Promise<readonly SinkOutput[]> {
    const [left] = await Promise.all([
      this.sinks.send(unit, outbox.sinks, deadline),
      Promise.all(outbox.hops.map((hop) => this.#sendHop(unit, head, hop, outbox.children, deadline))),
      outbox.rejections.length === 0 ? undefined : storeRejections(this.#ports, unit, head.n, outbox.rejections),
    ]);
    return left;
  }

  /** Sends parts of other producers' packets on to the shards that own them. */
  async relay(stage: string, contents: readonly PacketContent[], deadline: Deadline): Promise<void> {
    const stream = this.#streamOf(stage);
    // The map that brought them here may be this container's too.
    this.#shards.forget(stream);
    const shards = await this.#shards.load(stream);
    await this.#put(
      stream,
      contents.flatMap((content) => cutPackets(content, shards, this.#partitions)),
      deadline,
    );
  }

  async #sendHop(
    unit: string,
    { n, epoch }: Published,
    hop: HopOutput,
    children: readonly ChildUnit[],
    deadline: Deadline,
  ): Promise<void> {
    const stream = this.#streamOf(hop.stage);
    const shards = await this.#shards.load(stream);
    const content = {
      producer: unit,
      n,
      epoch,
      watermarkMs: hop.watermarkMs,
      excluded: hop.excluded,
      runs: hop.covers,
      rows: hop.rows,
      children,
    };
    await this.#put(stream, cutPackets(content, shards, this.#partitions), deadline);
  }

  async #put(stream: string, entries: readonly PutEntry[], deadline: Deadline): Promise<void> {
    const taking = new Set<string>();
    const refusal = await putAll(this.#ports.streams, stream, entries, {
      clock: this.#ports.clock,
      random: this.#ports.random,
      mayRetry: () => !deadline.passed,
      onTaken: (_, shardId) => taking.add(shardId),
    }).finally(() => this.#shards.noteShards(stream, [...taking]));
    if (refusal === undefined) return;
    throw new MillraceError(
      'retryable',
      'STREAM_UNAVAILABLE',
      `Stream '${stream}' refused ${refusal.count} of ${entries.length} packets: ${refusal.code}.`,
      {
        fix: 'The batch is tried again. If it goes on, give the stream more shards.',
      },
    );
  }
}
