import type { Pipeline } from 'millrace';
import type { SinkWriter } from '../../lib/connectors/sink-port.ts';
import { getOrAdd } from '../../lib/core/get-or-add.ts';
import { LocalJob } from '../../lib/local/local-job.ts';
import { MemoryAppendSink } from '../../lib/memory/memory-append-sink.ts';
import { MemoryItemStore } from '../../lib/memory/memory-item-store.ts';
import { MemoryStreams } from '../../lib/memory/memory-streams.ts';
import { MemoryTableSink } from '../../lib/memory/memory-table-sink.ts';
import { type DeployPlanOptions, deployPlan, type PlanDeployment } from '../../lib/runtime/deploy-plan.ts';
import type { RuntimePorts } from '../../lib/runtime/ports.ts';
import { ManualClock } from '../../lib/testing/manual-clock.ts';
import { SeededRandom } from '../../lib/testing/seeded-random.ts';

const START_MS = 1_700_000_000_000;
const RETENTION_MS = 10 * 365 * 24 * 3_600_000;

interface RigOptions {
  /** Shards of every stream. Default 1. */
  readonly shards?: number;
  /** Small logs, as whoever wrote the state had them. Default: those of production. */
  readonly log?: { readonly ringSize: number; readonly snapshotCommits: number };
}

/** One state table, its streams and sinks, and any number of versions of a pipeline that come and go over them. */
export class VersionsRig {
  readonly items = new MemoryItemStore();
  readonly clock = new ManualClock(START_MS);
  readonly streams = new MemoryStreams(this.clock);
  readonly #random = new SeededRandom(7);
  readonly #created = new Set<string>();
  readonly #appended = new Map<string, MemoryAppendSink>();
  readonly #tables = new Map<string, MemoryTableSink>();
  readonly #options: RigOptions;

  constructor(options: RigOptions = {}) {
    this.#options = options;
  }

  async send(stream: string, values: readonly object[]): Promise<void> {
    this.create(stream);
    await this.streams.putRecords(
      stream,
      values.map((value) => ({ partitionKey: 'p', data: Buffer.from(JSON.stringify(value)) })),
    );
  }

  deploy(pipeline: Pipeline, options: DeployPlanOptions = {}): Promise<PlanDeployment> {
    return deployPlan(this.items, pipeline.plan, options);
  }

  /** One container a stage. */
  async job(pipeline: Pipeline, observer: RuntimePorts['observer'] = {}): Promise<LocalJob> {
    for (const { input } of pipeline.plan.stages) this.create(input.stream);
    const job = new LocalJob({ pipeline, ports: this.ports(pipeline, observer), watermarkStepMs: 0, ...this.#log });
    await job.start();
    return job;
  }

  ports(pipeline: Pipeline, observer: RuntimePorts['observer'] = {}): RuntimePorts {
    const { items, streams, clock } = this;
    return { items, streams, clock, random: this.#random, observer, sinks: this.#sinksOf(pipeline) };
  }

  appended<T>(stream: string): readonly T[] {
    return (this.#appended.get(stream)?.values() ?? []) as T[];
  }

  rows<T>(table: string): readonly T[] {
    return (this.#tables.get(table)?.rows() ?? []) as T[];
  }

  get #log(): object {
    return this.#options.log === undefined ? {} : { log: this.#options.log };
  }

  create(stream: string): void {
    if (this.#created.has(stream)) return;
    this.#created.add(stream);
    const { shards = 1 } = this.#options;
    this.streams.createStream(stream, { shards, createdMs: START_MS, retentionMs: RETENTION_MS });
  }

  /** Sinks of all versions that write to one target are one. */
  #sinksOf(pipeline: Pipeline): RuntimePorts['sinks'] {
    return new Map(
      [...pipeline.graph.nodes.values()].flatMap((node): readonly (readonly [string, SinkWriter])[] => {
        if (node.kind !== 'sink') return [];
        const { spec } = node;
        if (spec.kind === 'dynamo')
          return [[node.id, getOrAdd(this.#tables, spec.table, () => new MemoryTableSink(spec.table, spec.key))]];
        if (spec.kind !== 'kinesis') throw new Error(`no sink here for ${spec.kind}`);
        return [[node.id, getOrAdd(this.#appended, spec.stream, () => new MemoryAppendSink())]];
      }),
    );
  }
}
