import { SNAPSHOT_COMMITS } from '../core/log-limits.ts';
import type { EdgePlan, Plan, SinkPlan, StagePlan } from '../graph/plan.ts';
import { distinctKeys, flowsOf } from './flow.ts';
import { isOnDemand, shardCountOf, type Workload } from './workload.ts';

/** What a stage does on each of its shards. */
export interface StageTraffic {
  readonly stage: string;
  readonly isSource: boolean;
  /** Whether producers pack many events into a record. */
  readonly isPacked: boolean;
  readonly shards: number;
  /** Whether Kinesis decides on the shards. */
  readonly isOnDemand: boolean;
  /** What its stream takes in a second. */
  readonly recordsPerSecond: number;
  readonly bytesPerSecond: number;
  /** Commits of one shard in a second. */
  readonly commitsPerSecond: number;
  /** Records that a commit computes: events, or rows of packets. */
  readonly rowsPerCommit: number;
  /** Keyed entries that a commit changes, and that 64 commits change between two snapshots. */
  readonly entriesPerCommit: number;
  readonly entriesPerSnapshot: number;
  /** Bytes of records that a commit keeps in state, for the records that they will be joined with. */
  readonly keptBytesPerCommit: number;
  /** Bytes of rows that leave a commit, for other stages and for sinks: they are in the commit until they are sent. */
  readonly outputBytesPerCommit: number;
  /** Rows in a second of all shards, by sink. */
  readonly sinks: readonly { readonly sink: SinkPlan; readonly rowsPerSecond: number }[];
}

/** Measured on the engine, with zstd: bytes of a row of partial aggregates beside its key. */
const COMBINED_ROW_BYTES = 3;
/** What is left of JSON by compression, measured on rows that are alike. */
const COMPRESSED_SHARE = 0.35;
const PACKET_HEADER_BYTES = 150;
/** What is planned for: a shard takes 1 MB and 1,000 records a second. */
const SHARD_LOAD = 0.7;
const SHARD_BYTES = 1_000_000;
const SHARD_RECORDS = 1_000;
/** A stream on demand begins with so many shards, and is kept ready for twice of what it takes. */
const LEAST_ON_DEMAND = 4;
const ON_DEMAND_LOAD = 0.5;
/** Events that a producer's library packs into one record where the source says so. */
const PACKED_BYTES = 25_000;

/** Follows the events through the plan, stage by stage. */
export const trafficOf = (plan: Plan, workload: Workload): readonly StageTraffic[] => {
  const flows = flowsOf(plan, workload.eventsPerSecond, workload.keys);
  const known = new Map<string, StageTraffic>();
  const trafficOfStage = (stage: StagePlan): StageTraffic => {
    const before = known.get(stage.id);
    if (before !== undefined) return before;
    const traffic = followStage(stage);
    known.set(stage.id, traffic);
    return traffic;
  };
  const stageOf = (id: string) => plan.stages.find((stage) => stage.id === id) as StagePlan;
  const edgesInto = (stage: StagePlan) => plan.edges.filter(({ toStage }) => toStage === stage.id);
  const flow = (id: string) => flows.get(id) ?? 0;

  const followStage = (stage: StagePlan): StageTraffic => {
    const input = stage.input.kind === 'source' ? sourceInput(stage) : packetInput(stage);
    const { shards, recordsPerSecond, bytesPerSecond } = input;
    // With arrivals at random, a mapping that waits for a batch of this long finds that share of its times busy.
    const busy = 1 - Math.exp((-input.recordsPerSecond / shards) * workload.batchSeconds);
    const commitsPerSecond = busy / workload.batchSeconds;
    const perCommit = (perSecond: number) => (commitsPerSecond === 0 ? 0 : perSecond / shards / commitsPerSecond);
    const rowsPerCommit = perCommit(input.rowsPerSecond);
    const outputs = stage.outputs.map((id) => outputOf(plan.edges.find((edge) => edge.id === id) as EdgePlan, stage));
    const sinks = stage.sinks.map((id) => ({
      sink: plan.sinks.find((sink) => sink.id === id) as SinkPlan,
      rowsPerSecond: flow(id),
    }));
    const sinkBytes = sinks.reduce((sum, { rowsPerSecond }) => sum + perCommit(rowsPerSecond) * workload.rowBytes, 0);
    const hopBytes = outputs.reduce((sum, { bytesPerCommit }) => sum + bytesPerCommit(rowsPerCommit), 0);
    const isKeyed = stage.operators.some(({ kind }) => kind === 'window');
    const keys = workload.keys / shards;
    const aggregated = (rows: number) => (isKeyed ? distinctKeys(keys, rows) : 0);
    const joins = stage.operators.filter(({ kind }) => kind === 'intervalJoin').length;
    // The records of a key that a commit keeps for others are written once together, and let go once.
    const joined = joins * 2 * distinctKeys(keys, rowsPerCommit);
    return {
      stage: stage.id,
      isSource: stage.input.kind === 'source',
      isPacked: isPacked(stage),
      shards,
      isOnDemand: isOnDemand(workload, stage.input.stream, stage.input.kind),
      recordsPerSecond,
      bytesPerSecond,
      commitsPerSecond,
      rowsPerCommit,
      entriesPerCommit: aggregated(rowsPerCommit) + joined,
      entriesPerSnapshot: aggregated(rowsPerCommit * SNAPSHOT_COMMITS) + joined * SNAPSHOT_COMMITS,
      keptBytesPerCommit: joins * perCommit(input.rowBytesPerSecond),
      outputBytesPerCommit: hopBytes + sinkBytes * COMPRESSED_SHARE,
      sinks,
    };
  };

  const sourceInput = (stage: StagePlan) => {
    const perSecond = flow(stage.id);
    const bytesPerSecond = perSecond * workload.eventBytes;
    const recordsPerSecond = isPacked(stage)
      ? Math.min(perSecond, Math.max(1, bytesPerSecond / PACKED_BYTES))
      : perSecond;
    return {
      shards: shardsFor(stage, bytesPerSecond, recordsPerSecond),
      recordsPerSecond,
      bytesPerSecond,
      rowsPerSecond: perSecond,
      rowBytesPerSecond: 0,
    };
  };

  const packetInput = (stage: StagePlan) => {
    const edges = edgesInto(stage);
    const senders = [...new Set(edges.flatMap(({ fromStages }) => fromStages))].map((id) =>
      trafficOfStage(stageOf(id)),
    );
    const commits = senders.reduce((sum, sender) => sum + sender.shards * sender.commitsPerSecond, 0);
    const shards = shardsInto(stage);
    const rowsPerSecond = edges.reduce((sum, edge) => {
      const from = edge.fromStages.map((id) => trafficOfStage(stageOf(id)));
      return (
        sum +
        from.reduce(
          (rows, sender) => rows + rowsOf(edge, sender.rowsPerCommit) * sender.shards * sender.commitsPerSecond,
          0,
        )
      );
    }, 0);
    const rowBytes = edges.reduce((sum, edge) => {
      const from = edge.fromStages.map((id) => ({ stage: stageOf(id), traffic: trafficOfStage(stageOf(id)) }));
      return (
        sum +
        from.reduce(
          (bytes, { stage: sender, traffic }) =>
            bytes +
            outputOf(edge, sender).bytesPerCommit(traffic.rowsPerCommit) * traffic.shards * traffic.commitsPerSecond,
          0,
        )
      );
    }, 0);
    const recordsPerSecond = commits * shards;
    const bytesPerSecond = rowBytes + recordsPerSecond * PACKET_HEADER_BYTES;
    return { shards, recordsPerSecond, bytesPerSecond, rowsPerSecond, rowBytesPerSecond: rowBytes };
  };

  /** Rows that a commit of so many records sends over a hop. */
  const rowsOf = (edge: EdgePlan, rowsPerCommit: number): number => {
    if (edge.combine !== undefined) return distinctKeys(workload.keys, rowsPerCommit);
    const from = edge.fromStages.reduce((sum, id) => sum + inflowOf(stageOf(id)), 0);
    return from === 0 ? 0 : (rowsPerCommit * flow(edge.input)) / from;
  };

  const inflowOf = (stage: StagePlan): number => {
    if (stage.input.kind === 'source') return flow(stage.id);
    return edgesInto(stage).reduce((sum, edge) => sum + flow(edge.input), 0);
  };

  const outputOf = (edge: EdgePlan, stage: StagePlan) => ({
    edge,
    bytesPerCommit: (rowsPerCommit: number) =>
      edge.combine === undefined
        ? rowsOf(edge, rowsPerCommit) *
          (stage.input.kind === 'source' ? workload.eventBytes : workload.rowBytes) *
          COMPRESSED_SHARE
        : rowsOf(edge, rowsPerCommit) * (COMBINED_ROW_BYTES + workload.keyBytes),
  });

  const shardsInto = (stage: StagePlan): number => {
    const bytesOf = ({ combine }: EdgePlan) =>
      combine === undefined ? workload.eventBytes * COMPRESSED_SHARE : COMBINED_ROW_BYTES + workload.keyBytes;
    const bytesPerSecond = edgesInto(stage).reduce((sum, edge) => sum + flow(edge.input) * bytesOf(edge), 0);
    return shardsFor(stage, bytesPerSecond, 0);
  };

  /** As many as were given, or as the load needs. */
  const shardsFor = ({ input }: StagePlan, bytesPerSecond: number, recordsPerSecond: number): number => {
    const given = shardCountOf(workload, input.stream, input.kind);
    if (given !== undefined) return given;
    const full = Math.max(bytesPerSecond / SHARD_BYTES, recordsPerSecond / SHARD_RECORDS);
    return isOnDemand(workload, input.stream, input.kind)
      ? Math.max(LEAST_ON_DEMAND, Math.ceil(full / ON_DEMAND_LOAD))
      : Math.max(1, Math.ceil(full / SHARD_LOAD));
  };

  return plan.stages.map(trafficOfStage);
};

const isPacked = ({ input }: StagePlan): boolean => input.kind === 'source' && input.aggregation !== 'none';
