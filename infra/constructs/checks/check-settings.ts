import type { Duration } from 'aws-cdk-lib';
import { MillraceError } from '../../../lib/errors/millrace-error.ts';
import { budgetMs } from '../../../lib/lambda/time-budget.ts';
import type { StageSettings } from '../stage-settings.ts';
import { checkNumber } from './check-number.ts';

const MS_PER_SECOND = 1_000;
const memoryRange = { least: 256, most: 10_240, unit: 'MiB' };
const batchRange = { least: 1, most: 10_000, unit: 'records' };
const windowRange = { least: 0, most: 300, unit: 'seconds' };

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
  const owner = `stage '${stage}'`;
  checkNumber(owner, 'memorySize', settings.memorySize, memoryRange);
  checkNumber(owner, 'batchSize', settings.batchSize, batchRange);
  const windowMs = millisOf(settings.batchingWindow);
  if (windowMs !== undefined) checkNumber(owner, 'batchingWindow', windowMs / MS_PER_SECOND, windowRange);
  const timeoutMs = millisOf(settings.timeout);
  if (timeoutMs !== undefined) checkTimeout(stage, timeoutMs, settings.batchSize);
};

const millisOf = (duration: Duration): number | undefined =>
  duration.isUnresolved() ? undefined : duration.toMilliseconds();

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
    `Stage '${stage}' has a timeout of ${timeoutMs / MS_PER_SECOND} seconds; ${why}.`,
    {
      fix,
      fields: { stage, timeoutMs, batchSize },
    },
  );
