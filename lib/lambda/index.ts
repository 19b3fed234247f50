/** The subpath `millrace/lambda`: pipelines as Lambda functions. */

export type { Deployment } from './deployment.ts';
export { type LambdaHandlerOptions, lambdaHandler } from './lambda-handler.ts';
export type {
  BatchAnswer,
  LambdaContext,
  LambdaHandler,
  LambdaMiddleware,
  LambdaRequest,
  StageAnswer,
  TickAnswer,
} from './lambda-types.ts';
