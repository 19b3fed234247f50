import type { Duration } from 'aws-cdk-lib';
import { invalidOption } from '../../../lib/core/check-options.ts';
import { MillraceError } from '../../../lib/errors/millrace-error.ts';
import { budgetMs } from '../../../lib/lambda/time-budget.ts';
import type { StageSettings } from '../stage-settings.ts';

/** Three tries of one request of 8 seconds, before the invocation is over. */
const LEAST_TIMEOUT_MS = 30_000;
const MOST_TIMEOUT_MS = 900_000;
/** About one commit: what a record takes when a batch is tried record by record, after one ended the process. */
const RECORD_MS = 5;

/**
 * Refuses settings of a stage that AWS would refuse at the deployment, or that leave an invocation too little time.
 *
 * @throws MillraceError `INVALID_OPTION` (definition), `TIMEOUT_TOO_SHORT` (configuration)
 */
export const checkSettings = (stage: string, settings: StageSettings): void => {
  checkNumber(stage, 'memorySize', settings.memorySize, 256, 10_240, 'MiB');
  checkNumber(stage, 'batchSize', settings.batchSize, 1, 10_000, 'records');
  const windowMs = millisOf(settings.batchingWindow);
  if (windowMs !== undefined) checkNumber(stage, 'batchingWindow', windowMs / 1_000, 0, 300, 'seconds');
  const timeoutMs = millisOf(settings.timeout);
  if (timeoutMs !== undefined) checkTimeout(stage, timeoutMs, settings.batchSize);
};

const millisOf = (duration: Duration): number | undefined =>
  duration.isUnresolved() ? undefined : duration.toMilliseconds();

const checkNumber = (stage: string, option: string, value: number, least: number, most: number, unit: string): void => {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw invalidOption(
    `stage '${stage}'`,
    `option '${option}' is ${value}; allowed are whole ${unit} from ${least} to ${most}`,
    'Correct it.',
    { stage, option, value, least, most },
  );
};

const checkTimeout = (stage: string, timeoutMs: number, batchSize: number): void => {
  const leastBudgetMs = batchSize * RECORD_MS;
  if (timeoutMs < LEAST_TIMEOUT_MS || timeoutMs > MOST_TIMEOUT_MS)
    throw tooShort(
      stage,
      timeoutMs,
      batchSize,
      'allowed are 30 to 900 seconds: three tries of a request have to fit',
      'Set it to 60 seconds.',
    );
  if (budgetMs(timeoutMs) >= leastBudgetMs) return;
  throw tooShort(
    stage,
    timeoutMs,
    batchSize,
    `of it ${budgetMs(timeoutMs)} ms are for a batch of up to ${batchSize} records; allowed is at least ${RECORD_MS} ms for each, as when they are tried one by one`,
    `Set the timeout to ${Math.ceil(leastBudgetMs / 900)} seconds, or batchSize to ${Math.floor(budgetMs(timeoutMs) / RECORD_MS)}.`,
  );
};

const tooShort = (stage: string, timeoutMs: number, batchSize: number, why: string, fix: string): MillraceError =>
  new MillraceError(
    'configuration',
    'TIMEOUT_TOO_SHORT',
    `Stage '${stage}' has a timeout of ${timeoutMs / 1_000} seconds; ${why}.`,
    {
      fix,
      fields: { stage, timeoutMs, batchSize },
    },
  );
