import type * as z from 'zod';
import type { Aggregator } from '../aggregates/aggregator.ts';
import type { SinkSpec, SourceSpec } from '../connectors/specs.ts';
import type { WindowAssigner } from '../windows/window-assigner.ts';

/** The key of a keyed stream. Objects are refused by the types and at run time. */
export type Key = string | number | boolean;

export type AnyAggregator = Aggregator<unknown, unknown, unknown>;

/** How to write and read values of a stream where they cross a repartition. `undefined`: plain JSON. */
export type Crossing = z.ZodType | undefined;

interface NodeBase {
  /** Unique in the pipeline; part of state keys and of the upgrade contract. */
  readonly id: string;
}

/** An operator with something stored under its id. */
interface StoredNodeBase extends NodeBase {
  /** The id under which earlier deployments stored it. */
  readonly renamedFrom: string | undefined;
}

export interface SourceNode extends NodeBase {
  readonly kind: 'source';
  readonly spec: SourceSpec;
}

export interface FilterNode extends NodeBase {
  readonly kind: 'filter';
  readonly input: string;
  readonly predicate: (value: unknown) => boolean;
}

export interface MapNode extends NodeBase {
  readonly kind: 'map';
  readonly input: string;
  readonly transform: (value: unknown) => unknown;
  readonly schema: Crossing;
}

export interface FlatMapNode extends NodeBase {
  readonly kind: 'flatMap';
  readonly input: string;
  readonly transform: (value: unknown) => Iterable<unknown>;
  readonly schema: Crossing;
}

export interface UnionNode extends NodeBase {
  readonly kind: 'union';
  readonly inputs: readonly string[];
}

export interface KeyByNode extends NodeBase {
  readonly kind: 'keyBy';
  readonly input: string;
  readonly keyOf: (value: unknown) => Key;
  /** How the values cross the repartition that this node causes: the schema of the stream that is keyed. */
  readonly crossing: Crossing;
}

export interface WindowNode extends StoredNodeBase {
  readonly kind: 'window';
  /** A keyBy node. */
  readonly input: string;
  readonly assigner: WindowAssigner;
  readonly allowedLatenessMs: number;
}

/** Aggregates of one window's panes. Emits `{ key, window: { startMs, endMs }, value }` when a pane fires. */
export interface AggregateNode extends StoredNodeBase {
  readonly kind: 'aggregate';
  /** A window node. */
  readonly input: string;
  readonly aggregators: Readonly<Record<string, AnyAggregator>>;
}

/**
 * Pairs of records of one key, the right one's event time within `left + lower … left + upper`, both bounds included. Emits
 * `{ key, left, right }` at the later of the two times.
 */
export interface IntervalJoinNode extends StoredNodeBase {
  readonly kind: 'intervalJoin';
  /** A keyBy node. */
  readonly left: string;
  /** A keyBy node; it may be the same. */
  readonly right: string;
  readonly lowerMs: number;
  readonly upperMs: number;
}

export type JoinSide = 'left' | 'right';

/**
 * The records that came too late for a window or for one side of a join, as they were before it. Its id is `<window>.late`,
 * `<join>.late-left` or `<join>.late-right`.
 */
export interface LateNode extends NodeBase {
  readonly kind: 'late';
  /** A window node, or a join node. */
  readonly input: string;
  /** Of a join. */
  readonly side?: JoinSide;
}

export interface SinkNode extends StoredNodeBase {
  readonly kind: 'sink';
  readonly input: string;
  readonly spec: SinkSpec;
}

export type LogicalNode =
  | SourceNode
  | FilterNode
  | MapNode
  | FlatMapNode
  | UnionNode
  | KeyByNode
  | WindowNode
  | AggregateNode
  | IntervalJoinNode
  | LateNode
  | SinkNode;

export type Delivery = 'exactly-once' | 'at-least-once' | 'at-most-once';

/** When a task stops because of what it rejects, and what happens to the key of a rejected row. */
export interface QuarantineOptions {
  readonly maxFraction: number;
  readonly minRecords: number;
  readonly afterRejection: 'continue' | 'park-key';
}

/** What a pipeline definition says, before it is cut into stages. Immutable once `definePipeline` returned. */
export interface LogicalGraph {
  readonly name: string;
  readonly delivery: Delivery;
  /** Logical partitions: a power of two, 64 … 256. Fixed for an incarnation. */
  readonly partitions: number;
  /** At most this share of at least `minRecords` records may be rejected before the task stops. */
  readonly quarantine: QuarantineOptions;
  /** In the order of definition, which is a topological order. */
  readonly nodes: ReadonlyMap<string, LogicalNode>;
}
