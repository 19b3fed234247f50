import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IAlarmAction } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IStream } from 'aws-cdk-lib/aws-kinesis';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { FilterCriteria } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Pipeline } from '../../lib/graph/pipeline.ts';
import type { Plan } from '../../lib/graph/plan.ts';
import type { ExpectedWorkload } from './expected-workload.ts';

/** What may differ from stage to stage. */
export interface StageProps {
  /**
   * Memory of the function in MiB, 256 … 10,240. CPU grows with it, and a third of it holds state.
   * @default 1,024
   */
  readonly memorySize?: number;
  /**
   * The function's time for one invocation, 30 seconds … 15 minutes. It has to leave each record of a full batch 5 ms.
   * @default 60 seconds
   */
  readonly timeout?: Duration;
  /**
   * Records in one invocation, at most: 1 … 10,000. A batch also ends at 6 MB.
   * @default 1,000
   */
  readonly batchSize?: number;
  /**
   * How long records are gathered for a fuller batch, 0 … 300 seconds. One invocation and one commit less for each batch
   * that is saved; results come that much later.
   * @default 1 second
   */
  readonly batchingWindow?: Duration;
  /**
   * Read the stage's stream by a consumer of its own (enhanced fan-out): 2 MB/s for each shard that nobody shares, at a price.
   * @default false
   */
  readonly enhancedFanOut?: boolean;
  /**
   * Lambda's filter criteria, made with `FilterCriteria.filter(…)`: records that none of them matches do not reach the function, and
   * cost nothing. Only for a source, and only where the pipeline's `delivery` is not exactly-once: what is left out cannot be told from
   * what was lost.
   * @default - every record is delivered
   */
  readonly filters?: readonly FilterPattern[];
}

/** What `FilterCriteria.filter(…)` of `aws-cdk-lib/aws-lambda` returns. */
export type FilterPattern = ReturnType<typeof FilterCriteria.filter>;

/** Properties of {@link StreamPipeline}. */
export interface StreamPipelineProps extends Omit<StageProps, 'filters'> {
  /** What to deploy: the default export of a `pipeline.ts`. Only its plan is read. */
  readonly pipeline: Pipeline;
  /**
   * The module that exports the handler, `export const handler = lambdaHandler(pipeline)`: `.ts` or `.js`, as a path from the
   * working directory, or absolute. It is bundled by esbuild, once for all stages.
   */
  readonly entry: string;
  /**
   * The name of that export.
   * @default 'handler'
   */
  readonly handler?: string;
  /**
   * What differs from these properties for single stages, by stage id (`millrace plan` prints them).
   * @default - all stages are alike
   */
  readonly stages?: Readonly<Record<string, StageProps>>;

  /**
   * Existing streams by the logical names of the plan: of sources, and of `kinesisSink`s.
   * @default - every stream is created
   */
  readonly streams?: Readonly<Record<string, IStream>>;
  /**
   * Existing tables of `dynamoSink`s by their logical names.
   * @default - every table is created: on demand, with point-in-time recovery
   */
  readonly tables?: Readonly<Record<string, ITable>>;
  /**
   * Existing queues of `sqsSink`s by their logical names.
   * @default - every queue is created
   */
  readonly queues?: Readonly<Record<string, IQueue>>;
  /**
   * Existing buckets of `s3Sink`s by their logical names.
   * @default - every bucket is created
   */
  readonly buckets?: Readonly<Record<string, IBucket>>;
  /**
   * An existing table for the pipeline's state: string keys `pk` and `sk`, no TTL, and no other pipeline in it.
   * @default - it is created: on demand, with point-in-time recovery and deletion protection
   */
  readonly stateTable?: ITable;
  /**
   * A bucket for payloads and snapshots past 9 KB, which cost less there than in the state table; keys begin with the
   * pipeline's name. No versioning, and no rule that deletes by age. Once given it is needed as long as anything is there.
   * @default - large payloads are chunks in the state table
   */
  readonly blobs?: IBucket;
  /**
   * Encrypts everything that is created and what the functions are told.
   * @default - keys that AWS owns or manages
   */
  readonly encryptionKey?: IKey;
  /**
   * Where created buckets log accesses.
   * @default - they do not
   */
  readonly accessLogs?: IBucket;

  /**
   * Shards of each stream that is created, 1 … 10,000; `'on-demand'` leaves them to Kinesis. May be changed at any time.
   * @default 1
   */
  readonly shards?: number | 'on-demand';
  /**
   * The same for single streams, by logical name; that of a repartition stream is `<pipeline>-<stage>`.
   * @default - as `shards`
   */
  readonly streamShards?: Readonly<Record<string, number | 'on-demand'>>;
  /**
   * How long created streams keep records, 24 hours … 365 days. At least lateness and `outage` together.
   * @default 24 hours
   */
  readonly retention?: Duration;
  /**
   * The same for single streams, by logical name. Name those here that are given and imported: CDK cannot see theirs, and 24
   * hours are assumed.
   * @default - as `retention`
   */
  readonly streamRetention?: Readonly<Record<string, Duration>>;
  /**
   * How long a stage may be down, and its records wait to be tried again, without any being lost.
   * @default 12 hours
   */
  readonly outage?: Duration;
  /**
   * What the pipeline is expected to take in: `cdk synth` then says what it costs with these settings, in one line. Changes nothing.
   * @default - nothing is said of cost
   */
  readonly workload?: ExpectedWorkload;

  /**
   * The plan that runs: the document that `millrace plan FILE --json` printed when it was deployed. A plan that cannot go on with its
   * state is refused.
   * @default - `millrace upgrade` finds out
   */
  readonly deployedPlan?: Plan;
  /**
   * Windows, aggregates and sinks of `deployedPlan`, by id, whose state may be given up.
   * @default - none
   */
  readonly drop?: readonly string[];

  /**
   * What becomes of streams, tables, queues, buckets and logs when they leave the stack. `DESTROY` is for development: it also
   * lifts the tables' deletion protection.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
  /**
   * How often each stage is told the time, whole minutes. Idle shards move their watermark by it, so it is how long the last
   * windows of a quiet stream may wait.
   * @default 1 minute
   */
  readonly tickInterval?: Duration;
  /**
   * Alarms on what needs somebody: iterator age at half of the retention, gaps, blocked shards, quarantine, errors, throttles, failed
   * conditions, batches that AWS gave up. About $0.10 each a month.
   * @default true
   */
  readonly alarms?: boolean;
  /**
   * What the alarms do, such as `new SnsAction(topic)`.
   * @default - they change their state and tell nobody
   */
  readonly alarmActions?: readonly IAlarmAction[];
  /**
   * Above how many failed conditions of the state table in five minutes, three times in a row, there is an alarm. A few are normal.
   * @default 100
   */
  readonly lostRacesAlarm?: number;
  /**
   * A CloudWatch dashboard of the pipeline.
   * @default true
   */
  readonly dashboard?: boolean;
  /**
   * Added to the functions' environment: what webhooks name by `{ env }`, `POWERTOOLS_LOG_LEVEL`, …. No secrets: they are readable
   * in the console. Let a function of the pipeline fetch those.
   * @default - none
   */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * How long the functions' logs are kept.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;
}
