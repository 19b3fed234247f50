import type { Duration } from 'aws-cdk-lib';
import type { Rule } from 'aws-cdk-lib/aws-events';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { IStream } from 'aws-cdk-lib/aws-kinesis';
import type { EventSourceMapping, IVersion, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Plan, StagePlan } from '../../lib/graph/plan.ts';
import { checkEnvironment } from './checks/check-environment.ts';
import { checkMappingSettings } from './checks/check-mapping-settings.ts';
import { checkSettings } from './checks/check-settings.ts';
import { deploymentOfStage } from './deployment-document.ts';
import { grantSend, grantSubscribe } from './grants.ts';
import type { PipelineResources } from './pipeline-resources.ts';
import { createStageFunction, type StageFunctionProps } from './stage-function.ts';
import { grantStage } from './stage-grants.ts';
import { createLogMetrics, type StageLogMetrics } from './stage-log-metrics.ts';
import { createStageMapping } from './stage-mapping.ts';
import type { StageSettings } from './stage-settings.ts';
import { createStageTick } from './stage-tick.ts';

export interface PipelineStageProps extends Omit<StageFunctionProps, 'pipeline' | 'stage' | 'settings'> {
  readonly plan: Plan;
  readonly stage: StagePlan;
  readonly settings: StageSettings;
  readonly resources: PipelineResources;
  readonly failures: IQueue;
  readonly tickInterval: Duration;
  /** How long its stream keeps records. */
  readonly retention: Duration;
  /** Of the metrics that are made from its log. */
  readonly metricNamespace: string;
}

/** One stage of a {@link StreamPipeline}: its function, the mapping that feeds it and the rule that tells it the time. */
export class PipelineStage extends Construct {
  /** As in the plan. */
  readonly stage: StagePlan;
  readonly settings: StageSettings;
  /** The stream that it reads. */
  readonly stream: IStream;
  readonly function: LambdaFunction;
  /** What the mapping and the rule invoke. Kept when the next one is deployed, until the function goes. */
  readonly version: IVersion;
  readonly role: Role;
  readonly logs: LogGroup;
  readonly logMetrics: StageLogMetrics;
  /** How long its stream keeps records. */
  readonly retention: Duration;
  readonly mapping: EventSourceMapping;
  readonly tick: Rule;

  /** @throws MillraceError `INVALID_OPTION` (definition), `TIMEOUT_TOO_SHORT` (configuration) */
  constructor(scope: Construct, id: string, props: PipelineStageProps) {
    super(scope, id);
    const { plan, stage, settings, resources, failures, tickInterval } = props;
    checkSettings(stage.id, settings);
    this.stage = stage;
    this.settings = settings;
    this.stream = resources.streams.get(stage.input.stream) as IStream;
    const { role, logs, lambda } = createStageFunction(this, {
      ...props,
      pipeline: plan.pipeline,
      stage: stage.id,
      deployment: deploymentOfStage(plan, stage, props.deployment),
    });
    this.role = role;
    this.logs = logs;
    this.function = lambda;
    this.logMetrics = createLogMetrics(this, logs, props.metricNamespace, stage.id);
    this.retention = props.retention;
    grantStage(role, plan, stage, resources);
    grantSend(role, failures);
    // CDK's classes are not their interfaces under exactOptionalPropertyTypes.
    this.version = lambda.currentVersion as IVersion;
    const { mapping, consumer } = createStageMapping(this, {
      stage,
      settings,
      stream: this.stream,
      target: this.version,
      onFailure: { bind: () => ({ destination: failures.queueArn }) },
    });
    this.mapping = mapping;
    this.node.addValidation({ validate: () => this.#check(plan) });
    if (consumer !== undefined) grantSubscribe(role, consumer.streamConsumerArn);
    this.tick = createStageTick(this, {
      pipeline: plan.pipeline,
      stage: stage.id,
      interval: tickInterval,
      target: this.version,
    });
  }

  /** At synthesis, when nobody changes it any more. */
  #check({ delivery }: Plan): string[] {
    const { id, input } = this.stage;
    checkEnvironment(id, this.function);
    checkMappingSettings(this.mapping, { stage: id, input: input.kind, delivery, partialBatchResponses: true });
    return [];
  }
}
