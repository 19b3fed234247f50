import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Plan } from '../../lib/graph/plan.ts';
import { createResources } from './create-resources.ts';
import { deploymentOf } from './deployment-document.ts';
import { bundleHandler } from './handler-bundle.ts';
import { createOutputs } from './pipeline-outputs.ts';
import { createPipelineQueue } from './pipeline-queue.ts';
import type { PipelineResources } from './pipeline-resources.ts';
import { PipelineStage } from './stage.ts';
import { settingsOf } from './stage-settings.ts';
import type { StreamPipelineProps } from './stream-pipeline-props.ts';

/**
 * A pipeline as a part of a stack: its streams, its state table, a function for each stage with what feeds it, and what its sinks write.
 *
 * @example
 * import revenue from '../functions/revenue/pipeline.ts';
 *
 * new StreamPipeline(stack, 'Revenue', { pipeline: revenue, entry: 'functions/revenue/handler.ts' });
 */
export class StreamPipeline extends Construct {
  readonly plan: Plan;
  readonly resources: PipelineResources;
  /** By stage id, in the order in which records pass them. */
  readonly stages: ReadonlyMap<string, PipelineStage>;
  /** Where AWS describes batches that it gave up. With the settings of the mappings it never should. */
  readonly failures: Queue;

  constructor(scope: Construct, id: string, props: StreamPipelineProps) {
    super(scope, id);
    const { plan } = props.pipeline;
    const { encryptionKey, removalPolicy = RemovalPolicy.RETAIN } = props;
    this.plan = plan;
    this.resources = createResources(this, props);
    this.failures = createPipelineQueue(this, 'Failures', { encryptionKey, removalPolicy });
    const deployment = deploymentOf(this.resources);
    const bundle = bundleHandler(this, props.entry, props.handler ?? 'handler');
    const within = new Construct(this, 'Stages');
    this.stages = new Map(
      plan.stages.map((stage) => [
        stage.id,
        new PipelineStage(within, stage.id, {
          plan,
          stage,
          settings: settingsOf(stage.id, props),
          resources: this.resources,
          bundle,
          deployment,
          environment: props.environment ?? {},
          failures: this.failures,
          tickInterval: props.tickInterval ?? Duration.minutes(1),
          logRetention: props.logRetention ?? RetentionDays.ONE_MONTH,
          removalPolicy,
          encryptionKey,
        }),
      ]),
    );
    this.#deployReceiversFirst();
    createOutputs(this, { plan, deployment, failures: this.failures });
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
}
