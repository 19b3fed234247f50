/** The shapes of Lambda and of middy that users see. Their own types need packages that users may not have. */

/** What is used of Lambda's context. */
export interface LambdaContext {
  readonly awsRequestId?: string;
  getRemainingTimeInMillis(): number;
}

/** The answer to a Kinesis batch, as `ReportBatchItemFailures` reads it. */
export interface BatchAnswer {
  /** Empty, or the first record that has to be delivered again. */
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** The answer to a tick. */
export interface TickAnswer {
  /** Shards for which it committed something. */
  readonly committed: number;
}

export type StageAnswer = BatchAnswer | TickAnswer;

/** A Lambda handler for one stage of a pipeline. */
export type LambdaHandler = (event: unknown, context: LambdaContext) => Promise<StageAnswer>;

/** What a middleware gets to see and to change, as middy defines it. */
export interface LambdaRequest {
  event: unknown;
  context: LambdaContext;
  response: unknown;
  error: unknown;
  readonly internal: Record<string, unknown>;
}

/** A middy middleware: any package's, or your own. At least one of the three. */
export interface LambdaMiddleware {
  before?(request: LambdaRequest): unknown;
  after?(request: LambdaRequest): unknown;
  onError?(request: LambdaRequest): unknown;
}
