import type { Aggregation, SinkSpec, StartPosition } from '../connectors/specs.ts';
import type { Delivery } from './logical-graph.ts';
import type { HeldGuarantee } from './sink-guarantee.ts';

/**
 * The physical plan: what is deployed. A versioned JSON document; the CDK constructs, the CLI, the console, the local
 * runtime and the upgrade check read it and never the builder.
 */
export interface Plan {
  readonly formatVersion: 1;
  readonly pipeline: string;
  readonly delivery: Delivery;
  readonly partitions: number;
  readonly stages: readonly StagePlan[];
  readonly edges: readonly EdgePlan[];
  readonly sinks: readonly SinkPlan[];
  /** SHA-256 (hex, first 16 digits) of the document without this field: two plans with one hash read each other's state. */
  readonly hash: string;
}

export interface OperatorPlan {
  readonly id: string;
  readonly kind:
    | 'source'
    | 'filter'
    | 'map'
    | 'flatMap'
    | 'union'
    | 'window'
    | 'aggregate'
    | 'intervalJoin'
    | 'late'
    | 'sink';
  /** The id under which earlier deployments stored its state. */
  readonly renamedFrom?: string;
  /** Ids of operators or edges in this stage. */
  readonly inputs: readonly string[];
  /** Kind-specific facts for people and for the upgrade check: window sizes, aggregate names, … */
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface SourceInput {
  readonly kind: 'source';
  /** The source operator's id. */
  readonly sourceId: string;
  /** Logical stream name, resolved to a physical one by the deployment. */
  readonly stream: string;
  readonly aggregation: Aggregation;
  readonly start: StartPosition;
}

export interface RepartitionInput {
  readonly kind: 'repartition';
  /** Logical name of the repartition stream: `<pipeline>-<stage id>`. */
  readonly stream: string;
  /** Ids of the edges that arrive here: several where their streams are joined. Rows name theirs by its place among them. */
  readonly edges: readonly string[];
}

/**
 * Operators fused into one Lambda function. Its id is that of its first operator: the source, the keyBy (of streams that are
 * joined, the one that is defined first), or the sink.
 */
export interface StagePlan {
  readonly id: string;
  readonly input: SourceInput | RepartitionInput;
  /** In topological order. An operator without state may stand in several stages (after a union of two sources). */
  readonly operators: readonly OperatorPlan[];
  /** Edges that leave this stage. */
  readonly outputs: readonly string[];
  /** Sinks that this stage writes. */
  readonly sinks: readonly string[];
}

/** A hop through a repartition stream. Its id is the keyBy's, or the sink's where the hop is by row key. */
export interface EdgePlan {
  readonly id: string;
  readonly by: 'key' | 'row-key';
  /** The operator whose output it carries. */
  readonly input: string;
  readonly fromStages: readonly string[];
  readonly toStage: string;
  /** The window whose aggregates are combined before the hop, if they are. */
  readonly combine: string | undefined;
}

export interface SinkPlan {
  readonly id: string;
  readonly kind: SinkSpec['kind'];
  /** The table, stream, queue or bucket; of a webhook no more than its origin. */
  readonly target: string;
  /** In the pipeline's delivery mode. */
  readonly guarantee: HeldGuarantee;
  /** For buckets: what its objects are named like, `<prefix>*.<format>`. */
  readonly objects?: string;
  /** For tables: partition and sort key. */
  readonly key: readonly string[];
  /** Of each key field, as it is stored. `unknown` where the schema does not say: take it from the first row. */
  readonly keyTypes: readonly ('string' | 'number' | 'unknown')[];
}
