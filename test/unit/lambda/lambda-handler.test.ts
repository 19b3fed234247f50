import { lambdaHandler } from 'millrace/lambda';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import revenue from '../../../functions/revenue/pipeline.ts';

const context = { awsRequestId: 'request-1', getRemainingTimeInMillis: () => 30_000 };

beforeEach(() => {
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'SILENT');
  vi.stubEnv('MILLRACE_STAGE', undefined);
  vi.stubEnv('MILLRACE_DEPLOYMENT', undefined);
  return () => vi.unstubAllEnvs();
});

describe('lambdaHandler', () => {
  it('can be made without a deployment, and says at the first invocation what is missing', async () => {
    const handler = lambdaHandler(revenue);
    const invoked = handler({ millrace: 'tick' }, context);
    await expect(invoked).rejects.toMatchObject({ code: 'DEPLOYMENT_INVALID', fields: { variable: 'MILLRACE_STAGE' } });
  });

  it('runs middlewares around the stage, the first one outermost', async () => {
    const seen: string[] = [];
    const named = (name: string) => ({
      before: ({ event }: { event: unknown }) => {
        seen.push(`${name} before ${JSON.stringify(event)}`);
      },
      onError: ({ error }: { error: unknown }) => {
        seen.push(`${name} error ${(error as { code?: string }).code}`);
      },
    });
    const handler = lambdaHandler(revenue, { middlewares: [named('outer'), named('inner')] });
    await expect(handler({ millrace: 'tick' }, context)).rejects.toMatchObject({ code: 'DEPLOYMENT_INVALID' });
    expect(seen).toEqual([
      'outer before {"millrace":"tick"}',
      'inner before {"millrace":"tick"}',
      'inner error DEPLOYMENT_INVALID',
      'outer error DEPLOYMENT_INVALID',
    ]);
  });

  it('lets a middleware answer in place of the stage', async () => {
    const answer = { batchItemFailures: [] };
    const handler = lambdaHandler(revenue, { middlewares: [{ before: () => answer }] });
    expect(await handler({ millrace: 'tick' }, context)).toEqual(answer);
  });
});
