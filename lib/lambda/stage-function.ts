import type { Clock } from '../core/clock.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import type { InvocationSubject } from '../observability/invocation-report.ts';
import type { StageTelemetry } from '../observability/powertools.ts';
import { Deadline } from '../runtime/deadline.ts';
import type { StageRuntime } from '../runtime/stage-runtime.ts';
import { parseEvent, type StageRequest } from './events.ts';
import type { LambdaContext, StageAnswer } from './lambda-types.ts';
import { checkSeenMapping, type ExpectedMapping } from './seen-mapping.ts';
import { budgetMs } from './time-budget.ts';

export interface StageFunctionParts {
  readonly expected: ExpectedMapping;
  readonly runtime: Pick<StageRuntime, 'processBatch' | 'tick'>;
  readonly telemetry: StageTelemetry;
  readonly clock: Clock;
  /** Whether the mapping understands that only a part of the batch is done. */
  readonly partialBatchResponses: boolean;
}

/** A stage as Lambda sees it: an event in, an answer out, a line in the log. */
export class StageFunction {
  readonly #parts: StageFunctionParts;

  constructor(parts: StageFunctionParts) {
    this.#parts = parts;
  }

  /** @throws MillraceError whatever the stage throws: the mapping delivers the batch again */
  async invoke(event: unknown, context: LambdaContext): Promise<StageAnswer> {
    const { clock, telemetry } = this.#parts;
    const { recorder, report } = telemetry;
    const startMs = clock.nowMs();
    const deadline = Deadline.in(clock, budgetMs(context.getRemainingTimeInMillis()));
    recorder.begin();
    let subject = unknownSubject(context);
    const invocation = () => ({ ...subject, startMs, endMs: clock.nowMs(), facts: recorder.facts });
    try {
      const request = parseEvent(event, startMs);
      subject = subjectOf(request, context);
      if (request.kind === 'batch') checkSeenMapping(event, this.#parts.expected);
      const answer = await this.#answer(request, deadline);
      report.succeeded(invocation());
      return answer;
    } catch (error) {
      report.failed(invocation(), error);
      throw error;
    }
  }

  async #answer(request: StageRequest, deadline: Deadline): Promise<StageAnswer> {
    const { runtime, partialBatchResponses } = this.#parts;
    if (request.kind === 'tick') return { committed: await runtime.tick(request.tick, deadline) };
    const firstLeft = await runtime.processBatch(request.shardId, request.records, deadline);
    if (firstLeft === undefined) return { batchItemFailures: [] };
    if (partialBatchResponses) return { batchItemFailures: [{ itemIdentifier: firstLeft }] };
    throw new MillraceError(
      'retryable',
      'DEADLINE',
      `The time was up at record ${firstLeft} of ${request.shardId}, in the middle of a batch.`,
      {
        fix: 'The batch is tried again, and what is committed is recognised. Switch ReportBatchItemFailures on to have only the rest delivered.',
        fields: { shardId: request.shardId, firstLeft },
      },
    );
  }
}

const unknownSubject = ({ awsRequestId }: LambdaContext): InvocationSubject => ({
  kind: 'batch',
  shard: undefined,
  delivered: 0,
  lastArrivalMs: undefined,
  requestId: awsRequestId,
});

const subjectOf = (request: StageRequest, context: LambdaContext): InvocationSubject =>
  request.kind === 'tick'
    ? { ...unknownSubject(context), kind: 'tick' }
    : {
        kind: 'batch',
        shard: request.shardId,
        delivered: request.records.length,
        lastArrivalMs: request.records.at(-1)?.arrivalMs,
        requestId: context.awsRequestId,
      };
