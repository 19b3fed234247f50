import { Duration, RemovalPolicy as Removal, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { type Deployment, deploymentVariable, stageVariable } from '../../lib/lambda/deployment.ts';
import type { HandlerBundle } from './handler-bundle.ts';
import type { StageSettings } from './stage-settings.ts';

export interface StageFunctionProps {
  readonly pipeline: string;
  readonly stage: string;
  readonly settings: StageSettings;
  readonly bundle: HandlerBundle;
  readonly deployment: Deployment;
  readonly environment: Readonly<Record<string, string>>;
  readonly logRetention: RetentionDays;
  readonly removalPolicy: RemovalPolicy;
  readonly encryptionKey: IKey | undefined;
}

export interface StageFunction {
  readonly role: Role;
  readonly logs: LogGroup;
  readonly lambda: LambdaFunction;
}

/** A tick that is late is worth nothing: the next one says more. */
const tickAge = Duration.seconds(60);

/**
 * The function of a stage, with a role and a log group of its own. Nobody has granted the role anything yet but to write its log.
 */
export const createStageFunction = (scope: Construct, props: StageFunctionProps): StageFunction => {
  const { pipeline, stage, settings, bundle, deployment, environment, encryptionKey } = props;
  const description = `Stage ${stage} of pipeline ${pipeline}`;
  const logs = new LogGroup(scope, 'Logs', { retention: props.logRetention, removalPolicy: props.removalPolicy });
  const role = new Role(scope, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com'), description });
  logs.grantWrite(role);
  const lambda = new LambdaFunction(scope, 'Function', {
    description,
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    code: bundle.code,
    handler: bundle.handler,
    role,
    logGroup: logs,
    memorySize: settings.memorySize,
    timeout: settings.timeout,
    environment: {
      ...environment,
      [stageVariable]: stage,
      [deploymentVariable]: Stack.of(scope).toJsonString(deployment),
    },
    ...(encryptionKey !== undefined && { environmentEncryption: encryptionKey }),
    // Mappings name a version, which stays what it is while the next one is deployed.
    currentVersionOptions: { removalPolicy: Removal.RETAIN, maxEventAge: tickAge, retryAttempts: 0 },
  });
  return { role, logs, lambda };
};
