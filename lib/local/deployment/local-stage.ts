import type { StreamPort } from '../../connectors/stream-port.ts';
import { systemClock } from '../../core/clock.ts';
import type { Random } from '../../core/random.ts';
import { MillraceError } from '../../errors/millrace-error.ts';
import type { Plan, StagePlan } from '../../graph/plan.ts';
import { checkMapping } from '../../runtime/guards.ts';
import type { InvocationFailure } from '../containers/function-host.ts';
import {
  createWorkerFunction,
  type WorkerFunction,
  type WorkerFunctionStats,
} from '../containers/worker-containers.ts';
import { EventSourceMapping, type MappingStats } from '../mapping/event-source-mapping.ts';
import type { MappingOptions } from '../mapping/mapping-options.ts';
import type { LocalDeploymentOptions } from './deployment-options.ts';
import { InvocationLog, type InvocationTotals } from './invocation-log.ts';

export interface LocalStageSetup {
  readonly plan: Plan;
  readonly stage: StagePlan;
  readonly stream: string;
  readonly streams: StreamPort;
  readonly environment: Readonly<Record<string, string>>;
  readonly random: Random;
  readonly options: LocalDeploymentOptions;
}

export interface LocalStageStats {
  readonly containers: WorkerFunctionStats;
  readonly mapping: MappingStats;
  readonly totals: InvocationTotals;
}

/** So many failures in a row that no retry can mend mean that the stage does not go on. */
const BLOCKED_AFTER_FAILURES = 3;
export const TICK_TRIES = 8;
const TICK_RETRY_MS = 100;

/** One stage: its function's containers and the mapping that feeds them. */
export class LocalStage {
  readonly plan: StagePlan;
  readonly host: WorkerFunction;
  readonly #mapping: EventSourceMapping;
  readonly #log = new InvocationLog();
  readonly #blocked = Promise.withResolvers<never>();
  #lastFailure: InvocationFailure | undefined;
  #failuresInRow = 0;

  /** @throws MillraceError `PARALLELIZATION_FACTOR`, `MAPPING_UNSAFE`, `INVALID_OPTION` (configuration) */
  constructor(setup: LocalStageSetup) {
    const { plan, stage, stream, streams, environment, random, options } = setup;
    this.plan = stage;
    const functionName = `${plan.pipeline}-${stage.id}`;
    this.host = createWorkerFunction({
      entry: options.entry,
      ...(options.exportName !== undefined && { exportName: options.exportName }),
      environment: { ...environment, AWS_LAMBDA_FUNCTION_NAME: functionName },
      functionName,
      timeoutMs: options.timeoutMs ?? 30_000,
      maxContainers: options.containers ?? 3,
      placement: options.placement ?? 'random',
      random,
      onLog: (line) => {
        this.#log.read(line.line);
        options.onLog?.(stage.id, line);
      },
    });
    this.#mapping = new EventSourceMapping({
      streams,
      host: this.host,
      random,
      options: { ...mappingOptions(stage, options), stream, functionName },
      observer: {
        onDelivered: () => this.#onDelivered(),
        onFailed: ({ error }) => this.#onFailed(error),
      },
    });
    checkMapping(this.#mapping.settings(), {
      stage: stage.id,
      input: stage.input.kind,
      delivery: plan.delivery,
      partialBatchResponses: true,
    });
    // Whoever waits hears of it; nobody has to.
    this.#blocked.promise.catch(() => undefined);
  }

  start(): Promise<void> {
    return this.#mapping.start();
  }

  /**
   * Invokes the function without records, until it succeeds: a container may be killed under a tick too.
   *
   * @returns how many shards committed something
   */
  async tick(watermarkMs: number | undefined): Promise<number> {
    for (let tries = 1; ; tries++) {
      const event = { millrace: 'tick', nowMs: systemClock.nowMs(), ...(watermarkMs !== undefined && { watermarkMs }) };
      const result = await this.host.invoke(event);
      if (result.ok) return (result.payload as { committed: number }).committed;
      const { type, message } = result.error;
      if (type === 'Stopped') return 0;
      if (type === 'Init') throw handlerNotLoaded(this.plan.id, result.error);
      const known = this.#log.lastError;
      if (known !== undefined && !known.retryable) throw known;
      if (tries === TICK_TRIES) {
        throw new MillraceError(
          'retryable',
          'DEADLINE',
          `Stage '${this.plan.id}' failed at ${tries} ticks: ${message}`,
          {
            fix: 'Look at what its containers write (onLog).',
            fields: { stage: this.plan.id, type },
          },
        );
      }
      await systemClock.sleep(TICK_RETRY_MS);
    }
  }

  /** @throws MillraceError what the stage is blocked by */
  async idle(): Promise<void> {
    await Promise.race([this.#mapping.idle(), this.#blocked.promise]);
  }

  /** Why the last delivery failed, if it did. */
  get lastError(): string | undefined {
    if (this.#failuresInRow === 0) return undefined;
    const { lastError } = this.#log;
    return lastError === undefined ? this.#lastFailure?.message : `${lastError.code}: ${lastError.message}`;
  }

  stats(): LocalStageStats {
    return { containers: this.host.stats(), mapping: this.#mapping.stats(), totals: this.#log.totals };
  }

  /** Waits `graceMs` for invocations under way, then ends the containers. */
  async stop(graceMs: number): Promise<void> {
    const mapping = this.#mapping.stop();
    const grace = Promise.withResolvers<void>();
    const timer = setTimeout(grace.resolve, graceMs);
    await Promise.race([mapping.catch(() => undefined), grace.promise]);
    clearTimeout(timer);
    await this.host.stop();
    await mapping;
  }

  #onDelivered(): void {
    this.#failuresInRow = 0;
  }

  #onFailed(failure: InvocationFailure | undefined): void {
    // Without a failure the function said itself how far it came: that is progress.
    this.#failuresInRow = failure === undefined ? 0 : this.#failuresInRow + 1;
    this.#lastFailure = failure;
    if (failure === undefined || this.#failuresInRow < BLOCKED_AFTER_FAILURES) return;
    const error = failure.type === 'Init' ? handlerNotLoaded(this.plan.id, failure) : this.#log.lastError;
    if (error !== undefined && !error.retryable) this.#blocked.reject(error);
  }
}

const mappingOptions = (
  { input }: StagePlan,
  { batchSize = 100, mapping = {} }: LocalDeploymentOptions,
): Omit<MappingOptions, 'stream'> => {
  const start =
    input.kind === 'source' && input.start !== 'trim-horizon'
      ? { startingPosition: 'AT_TIMESTAMP' as const, startingPositionTimestampMs: input.start.timestampMs }
      : { startingPosition: 'TRIM_HORIZON' as const };
  return { batchSize, reportBatchItemFailures: true, retryMaximumDelayMs: 2_000, ...mapping, ...start };
};

/** The module of the handler cannot be loaded, whoever wanted to. */
const handlerNotLoaded = (stage: string, { message }: InvocationFailure): MillraceError =>
  new MillraceError(
    'configuration',
    'DEPLOYMENT_INVALID',
    `The handler of stage '${stage}' does not load: ${message}`,
    {
      fix: "Let 'entry' name a module that loads and exports the handler.",
      fields: { stage },
    },
  );
