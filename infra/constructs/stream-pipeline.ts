import { Duration, Names, RemovalPolicy } from 'aws-cdk-lib';
import type { Alarm, Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import type { IStream } from 'aws-cdk-lib/aws-kinesis';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Plan } from '../../lib/graph/plan.ts';
import type { Deployment } from '../../lib/lambda/deployment.ts';
import { checkNeighbours } from './checks/check-neighbours.ts';
import { checkPipeline } from './checks/check-pipeline.ts';
import { checkRetention } from './checks/check-retention.ts';
import { createResources } from './create-resources.ts';
import { deploymentOf } from './deployment-document.ts';
import { sayExpectedCost } from './expected-cost.ts';
import { bundleHandler } from './handler-bundle.ts';
import { ImportedPipeline, type StreamPipelineAttributes } from './imported-pipeline.ts';
import { PipelineAlarms } from './pipeline-alarms.ts';
import { createDashboard } from './pipeline-dashboard.ts';
import { createOutputs } from './pipeline-outputs.ts';
import { createPipelineQueue } from './pipeline-queue.ts';
import type { PipelineResources } from './pipeline-resources.ts';
import { PipelineStage } from './stage.ts';
import { settingsOf } from './stage-settings.ts';
import { type IStreamPipeline, StreamPipelineBase } from './stream-pipeline-base.ts';
import type { StreamPipelineProps } from './stream-pipeline-props.ts';
import { retentionOf } from './stream-retention.ts';
import { unusedClients } from './unused-clients.ts';

/**
 * A pipeline as a part of a stack: its streams, its state table, a function for each stage with what feeds it, what its sinks write,
 * alarms and a dashboard. `docs/deploying.md` has what is made.
 *
 * @throws MillraceError for what would break a guarantee, here or when the app is synthesized: `RETENTION_TOO_SHORT`,
 *   `TIMEOUT_TOO_SHORT`, `PARALLELIZATION_FACTOR`, `MAPPING_UNSAFE`, `SINK_CANNOT_HOLD_GUARANTEE`, `TABLE_SHAPE`, `NAME_COLLISION`,
 *   `RESOURCE_SHARED`, `ENVIRONMENT_TOO_LARGE`, `BUNDLE_FAILED` (configuration), `UPGRADE_REFUSED` (operator), `INVALID_OPTION` (definition), `FILE_NOT_FOUND`
 *   (input)
 *
 * @example
 * import revenue from '../functions/revenue/pipeline.ts';
 *
 * new StreamPipeline(stack, 'Revenue', { pipeline: revenue, entry: 'functions/revenue/handler.ts' });
 */
export class StreamPipeline extends StreamPipelineBase {
  readonly plan: Plan;
  readonly resources: PipelineResources;
  /** By stage id, in the order in which records pass them. */
  readonly stages: ReadonlyMap<string, PipelineStage>;
  /** Where AWS describes batches that it gave up. With the settings of the mappings it never should. */
  readonly failures: Queue;
  /** Empty where they are not wanted. */
  readonly alarms: readonly Alarm[];
  readonly dashboard: Dashboard | undefined;

  /** A pipeline of another stack or app, in the same account and region: to grant others its use, and to watch it. */
  static fromStreamPipelineAttributes(
    scope: Construct,
    id: string,
    attributes: StreamPipelineAttributes,
  ): IStreamPipeline {
    return new ImportedPipeline(scope, id, attributes);
  }

  constructor(scope: Construct, id: string, props: StreamPipelineProps) {
    super(scope, id);
    checkPipeline(this, props);
    const { encryptionKey, removalPolicy = RemovalPolicy.RETAIN } = props;
    this.plan = props.pipeline.plan;
    this.resources = createResources(this, props);
    checkRetention(this.plan, this.resources.streams, props);
    this.failures = createPipelineQueue(this, 'Failures', { encryptionKey, removalPolicy });
    const deployment = deploymentOf(this.resources);
    this.stages = this.#createStages(props, deployment, removalPolicy);
    this.#deployReceiversFirst();
    this.alarms = props.alarms === false ? [] : this.#createAlarms(props);
    if (props.workload !== undefined) sayExpectedCost(this, props.workload, props, this.alarms.length);
    this.dashboard = props.dashboard === false ? undefined : createDashboard(this, this);
    createOutputs(this, { plan: this.plan, deployment, failures: this.failures });
    this.node.addValidation({ validate: () => this.#checkNeighbours() });
  }

  #createStages(
    props: StreamPipelineProps,
    deployment: Deployment,
    removalPolicy: RemovalPolicy,
  ): ReadonlyMap<string, PipelineStage> {
    const { plan, resources } = this;
    const common = {
      plan,
      resources,
      deployment,
      removalPolicy,
      bundle: bundleHandler(this, {
        entry: props.entry,
        exportName: props.handler ?? 'handler',
        without: unusedClients(plan, resources.blobs !== undefined),
      }),
      environment: props.environment ?? {},
      encryptionKey: props.encryptionKey,
      failures: this.failures,
      tickInterval: props.tickInterval ?? Duration.minutes(1),
      logRetention: props.logRetention ?? RetentionDays.ONE_MONTH,
      metricNamespace: `Millrace/${Names.uniqueResourceName(this, { maxLength: 200, separator: '-' })}`,
    };
    const within = new Construct(this, 'Stages');
    return new Map(
      plan.stages.map((stage) => {
        const { stream } = stage.input;
        const retention = retentionOf(stream, resources.streams.get(stream) as IStream, props);
        const settings = settingsOf(stage.id, props);
        return [stage.id, new PipelineStage(within, stage.id, { ...common, stage, settings, retention })];
      }),
    );
  }

  #createAlarms({ alarmActions = [], lostRacesAlarm = 100 }: StreamPipelineProps): readonly Alarm[] {
    return new PipelineAlarms(this, 'Alarms', { pipeline: this, actions: alarmActions, lostRaces: lostRacesAlarm }).all;
  }

  /** A stage that has not been replaced yet does not read what a newer sender sends: its shards would wait for it. */
  #deployReceiversFirst(): void {
    for (const { fromStages, toStage } of this.plan.edges) {
      const receiver = this.stages.get(toStage);
      for (const sender of fromStages) {
        if (receiver !== undefined) this.stages.get(sender)?.mapping.node.addDependency(receiver.mapping);
      }
    }
  }

  /** At synthesis, when all of them are there. */
  #checkNeighbours(): string[] {
    const all = this.node.root.node.findAll().filter((construct) => construct instanceof StreamPipeline);
    checkNeighbours(
      this,
      all.filter((construct) => construct !== this),
    );
    return [];
  }
}
