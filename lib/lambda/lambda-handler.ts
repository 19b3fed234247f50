import middy from '@middy/core';
import { systemClock } from '../core/clock.ts';
import type { Pipeline } from '../graph/pipeline.ts';
import type { StagePlan } from '../graph/plan.ts';
import { createTelemetry, type StageTelemetry } from '../observability/powertools.ts';
import { StageRuntime } from '../runtime/stage-runtime.ts';
import { awsPorts } from './aws-stage.ts';
import { cacheBytesOf } from './cache-bytes.ts';
import { readDeployment, stageVariable } from './deployment.ts';
import type { LambdaContext, LambdaHandler, LambdaMiddleware, StageAnswer } from './lambda-types.ts';
import { StageFunction } from './stage-function.ts';

/** Options of {@link lambdaHandler}. */
export interface LambdaHandlerOptions {
  /** middy middlewares, the first one outermost. Default: none. */
  readonly middlewares?: readonly LambdaMiddleware[];
}

/**
 * The Lambda handler of a pipeline: one for all of its stages. The deployed function's environment says which stage it
 * runs (`MILLRACE_STAGE`) and which streams and tables it works with (`MILLRACE_DEPLOYMENT`, a `Deployment` as JSON); the
 * AWS clients take region, credentials and endpoint (`AWS_ENDPOINT_URL`) from it too.
 *
 * It takes Kinesis batches from an event source mapping with `ReportBatchItemFailures`, and ticks: `{ millrace: 'tick' }`.
 * It writes one JSON line to the log for each invocation, and metrics in CloudWatch's embedded format.
 *
 * @throws MillraceError from the handler: `DEPLOYMENT_INVALID` where the environment is wrong, and whatever keeps the batch
 *   from being committed; the mapping delivers it again
 *
 * @example
 * import { lambdaHandler } from 'millrace/lambda';
 * import revenue from './pipeline.ts';
 *
 * export const handler = lambdaHandler(revenue);
 *
 * @example With a middleware
 * export const handler = lambdaHandler(revenue, { middlewares: [{ before: ({ event }) => audit(event) }] });
 */
export const lambdaHandler = (pipeline: Pipeline, options: LambdaHandlerOptions = {}): LambdaHandler => {
  // At the first invocation, not on import: a test or a tool may load the module without a deployment.
  let stage: StageFunction | undefined;
  const invoke = async (event: unknown, context: LambdaContext): Promise<StageAnswer> => {
    stage ??= connect(pipeline);
    return stage.invoke(event, context);
  };
  // middy's own early timeout would give up an invocation that goes on working in this container. The deadline is ours.
  const handler = middy<unknown, StageAnswer>(invoke, { timeoutEarlyInMillis: 0 });
  for (const middleware of options.middlewares ?? []) handler.use(middleware as middy.MiddlewareObj);
  return handler as unknown as LambdaHandler;
};

const connect = (pipeline: Pipeline): StageFunction => {
  const environment = process.env;
  let telemetry: StageTelemetry | undefined;
  try {
    const deployed = readDeployment(pipeline, environment);
    const { stage, deployment } = deployed;
    telemetry = createTelemetry({ pipeline: pipeline.name, stage, deployment: deployment.stateTable });
    const ports = awsPorts(pipeline, deployed, telemetry.recorder, environment);
    const cacheBytes = cacheBytesOf(environment);
    const runtime = new StageRuntime({
      pipeline,
      stage,
      ports,
      resolveStream: (logical) => deployment.streams[logical] as string,
      ...(cacheBytes !== undefined && { cacheBytes }),
      ...(deployment.incarnation !== undefined && { incarnation: deployment.incarnation }),
    });
    const { partialBatchResponses = true } = deployment;
    const { input } = pipeline.plan.stages.find(({ id }) => id === stage) as StagePlan;
    const expected = { stage, stream: deployment.streams[input.stream] as string };
    return new StageFunction({ expected, runtime, telemetry, clock: systemClock, partialBatchResponses });
  } catch (error) {
    // Before it is known where this is deployed there is nothing to measure, but something to say.
    telemetry ??= createTelemetry({ pipeline: pipeline.name, stage: environment[stageVariable] });
    telemetry.report.notStarted(error);
    throw error;
  }
};
