import { BlobStore, type StateStores } from '../../commit/blob-store.ts';
import { decodeSlot } from '../../commit/slot.ts';
import { type OutputRow, outputIdOf } from '../../connectors/sink-port.ts';
import type { StreamPort } from '../../connectors/stream-port.ts';
import type { Pipeline } from '../../graph/pipeline.ts';
import { decodePacket } from '../../runtime/packet.ts';
import type { BlobBucket } from '../../state/blob-bucket.ts';
import type { Item, ItemKey, ItemStore } from '../../state/item-store.ts';
import { describeError } from './endings.ts';
import { LineageWatch, placeOf } from './lineage-watch.ts';
import { LogWatch } from './log-watch.ts';
import { readAfter } from './read-after.ts';
import { RejectionWatch, type SentBytes } from './rejection-watch.ts';
import { TableWatch } from './table-watch.ts';

/**
 * Stands where the world is, behind every process, and holds each effect against the invariants of the protocol at the
 * moment it takes place. It sees what an outsider with access to the account would see, and nothing of the engine.
 */
export class Monitor {
  /** What was broken, in the order in which it happened. */
  readonly violations: string[] = [];
  readonly tables: TableWatch;
  readonly rejections: RejectionWatch;
  readonly #logs = new Map<string, LogWatch>();
  readonly #lineage: LineageWatch;
  readonly #stores: StateStores;
  readonly #streams: StreamPort;
  /** Receiving stage by its repartition stream. */
  readonly #stageOfStream: ReadonlyMap<string, string>;
  readonly #producersOf: ReadonlyMap<string, readonly string[]>;
  readonly #comparesWatermarks: boolean;
  /** Sinks that the delivery mode gives each row one time. */
  readonly #sentOnce: ReadonlySet<string>;
  readonly #sent = new Set<string>();

  constructor(pipeline: Pipeline, stores: StateStores, streams: StreamPort, sent: SentBytes) {
    const { stages, edges } = pipeline.plan;
    this.#stores = stores;
    this.#streams = streams;
    this.#lineage = new LineageWatch(
      pipeline,
      streams,
      this.#logs,
      (unit) => this.#log(unit),
      (what) => this.#violated(what),
    );
    this.tables = new TableWatch(pipeline);
    this.rejections = new RejectionWatch(sent, (what) => this.#violated(what));
    this.#sentOnce = new Set(pipeline.plan.delivery === 'at-most-once' ? pipeline.plan.sinks.map(({ id }) => id) : []);
    this.#stageOfStream = new Map(
      stages.flatMap(({ id, input }) => (input.kind === 'source' ? [] : [[input.stream, id]])),
    );
    this.#producersOf = new Map(
      stages.map(({ id }) => [
        id,
        edges.filter(({ toStage }) => toStage === id).flatMap(({ fromStages }) => fromStages),
      ]),
    );
    // A shard that was not waited for may be behind what its readers know.
    this.#comparesWatermarks = [...pipeline.graph.nodes.values()].every(
      (node) => node.kind !== 'source' || node.spec.watermarks.idle?.action !== 'exclude',
    );
  }

  get logs(): ReadonlyMap<string, LogWatch> {
    return this.#logs;
  }

  /** The log of a stage on a shard. */
  logOf(stage: string, shardId: string): LogWatch | undefined {
    for (const [unit, log] of this.#logs) {
      const parts = unit.split('/');
      if (parts[2] === stage && parts.at(-1) === shardId) return log;
    }
    return undefined;
  }

  items(): ItemStore {
    const { items } = this.#stores;
    return {
      get: (key) => items.get(key),
      getMany: (keys) => items.getMany(keys),
      query: (range) => items.query(range),
      put: async (item, condition) => {
        const result = await items.put(item, condition);
        if (result.applied && item.sk.startsWith('L#')) await this.#onSlot(item, result.replaced);
        if (result.applied && item.sk === 'S') await this.#onRegistry(item);
        return result;
      },
      putMany: async (list) => {
        await items.putMany(list);
        for (const item of list) this.#onItem(item);
      },
      deleteMany: async (keys) => {
        await items.deleteMany(keys);
        for (const key of keys) this.#onDeleted(key);
      },
    };
  }

  /** The bucket, if there is one. */
  blobs(): BlobBucket | undefined {
    const { blobs } = this.#stores;
    return (
      blobs && {
        takesNew: true,
        put: async (key, content) => {
          const before = await blobs.get(key);
          if (before !== undefined && Buffer.compare(before, content) !== 0)
            this.#violated(`object ${key} was written again, with another content`);
          await blobs.put(key, content);
        },
        get: (key, range) => blobs.get(key, range),
        deleteMany: async (keys) => {
          await blobs.deleteMany(keys);
          for (const key of keys) {
            const slash = key.lastIndexOf('/');
            this.#logs.get(key.slice(0, slash))?.onBlobDeleted(key.slice(slash + 1).replace('!', '#'));
          }
        },
        list: (prefix, after) => blobs.list(prefix, after),
      }
    );
  }

  streams(streams: StreamPort): StreamPort {
    return {
      describe: (stream) => streams.describe(stream),
      listShards: (stream) => streams.listShards(stream),
      openReader: (stream, shardId, start) => streams.openReader(stream, shardId, start),
      putRecords: async (stream, entries) => {
        const outcomes = await streams.putRecords(stream, entries);
        const stage = this.#stageOfStream.get(stream);
        if (stage !== undefined) for (const { data } of entries) this.#onPacket(stage, data);
        return outcomes;
      },
    };
  }

  /** Rows that a sink shows, or shows still. */
  onRows(sink: string, rows: readonly OutputRow[]): void {
    for (const { unit, version, outputId } of rows) {
      // A row that is sent before its commit belongs to none yet, and perhaps never will.
      if (outputId === outputIdOf(unit, version.n, version.index))
        this.#log(unit).onRow(sink, version.n, version.index);
      if (this.#sentOnce.has(sink)) this.#onSentOnce(sink, outputId);
    }
    this.tables.onWrite(sink, rows);
  }

  #onSentOnce(sink: string, outputId: string): void {
    const id = `${sink} ${outputId}`;
    if (this.#sent.has(id)) this.#violated(`row ${outputId} came to sink ${sink} twice, where nothing may`);
    this.#sent.add(id);
  }

  /** Something that a sink may not do. */
  report(what: string): void {
    this.#violated(what);
  }

  async #onSlot(item: Item, replaced: Item | undefined): Promise<void> {
    const log = this.#log(item.pk);
    const body = log.onSlot(item, replaced, await this.#readBlob(item));
    if (body !== undefined) this.rejections.onCommitted(item.pk, item.n as number, body);
    if (item.k === 'genesis' || decodeSlot(item).payload.at === 'none') return;
    if (item.k === 'seal') await this.#lineage.onSeal(item.pk);
    if (item.k === 'tick') await this.#requireEmpty(item);
    if (!this.#comparesWatermarks) return;
    const stage = item.pk.split('/')[2] as string;
    for (const producer of this.#producersOf.get(stage) ?? []) {
      for (const [unit, upstream] of this.#logs) {
        if (upstream.isSealed || unit.split('/')[2] !== producer || log.watermarkMs <= upstream.watermarkMs) continue;
        this.#violated(
          `${item.pk}: commit ${item.n} has watermark ${log.watermarkMs}; its producer ${unit} is at ${upstream.watermarkMs}`,
        );
      }
    }
  }

  /** A payload beside its slot has to be there when the slot is. */
  async #readBlob(item: Item): Promise<Uint8Array | undefined> {
    const { payload } = decodeSlot(item);
    if (payload.at !== 'blob') return undefined;
    try {
      return await new BlobStore(this.#stores, item.pk).get(payload.ref);
    } catch (error) {
      this.#violated(`${item.pk}: the payload of commit ${item.n} cannot be read: ${describeError(error)}`);
      return undefined;
    }
  }

  /** A tick that says that nothing had come by its time has to be right. */
  async #requireEmpty({ pk, n, s, y }: Item): Promise<void> {
    const { stream, shardId } = placeOf(pk);
    const [next] = (await readAfter(this.#streams, stream, shardId, s as string | undefined, 1)).records;
    if (next !== undefined && next.arrivalMs < (y as number))
      this.#violated(
        `${pk}: tick ${n} says that nothing came by ${y}; ${next.sequenceNumber} did at ${next.arrivalMs}`,
      );
  }

  async #onRegistry(item: Item): Promise<void> {
    const log = this.#log(item.pk);
    const { isReady: wasReady, isCollected: wasCollected } = log;
    await log.onRegistry(item, this.#stores);
    if (log.isReady && !wasReady) await this.#lineage.onReady(item.pk);
    if (log.isCollected && !wasCollected) await this.#lineage.onCollected(item.pk);
  }

  #onItem({ pk, n, i }: Item): void {
    const place = { unit: pk.slice(0, -2), n: n as number, index: i as number };
    if (pk.endsWith('#Q')) this.#log(place.unit).onQuarantined(place.n, place.index);
    if (pk.endsWith('#R')) this.rejections.onMarked(place);
  }

  #onDeleted({ pk, sk }: ItemKey): void {
    if (this.#logs.has(pk)) this.#violated(`${pk}: ${sk} was deleted, which fences it`);
    const [unit, name] = [pk.slice(0, pk.lastIndexOf('#')), sk.slice(0, sk.lastIndexOf('#'))];
    if (!pk.endsWith('#Q')) this.#logs.get(unit)?.onBlobDeleted(name);
    else this.rejections.onDeleted({ unit, n: Number(name), index: Number(sk.slice(name.length + 1)) });
  }

  #onPacket(stage: string, data: Uint8Array): void {
    const { producer, n, runs } = decodePacket(data);
    this.#log(producer).onPacket(stage, n, runs);
  }

  #log(unit: string): LogWatch {
    let log = this.#logs.get(unit);
    if (log === undefined) {
      log = new LogWatch(unit, (what) => this.#violated(what));
      this.#logs.set(unit, log);
    }
    return log;
  }

  #violated(what: string): void {
    this.violations.push(what);
  }
}
