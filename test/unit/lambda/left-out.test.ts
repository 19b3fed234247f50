import { afterEach, describe, expect, it, vi } from 'vitest';
import { awsBlobs } from '../../../lib/lambda/aws-blobs.ts';
import { type AwsSinks, awsSinkWriter } from '../../../lib/lambda/aws-sinks.ts';
import { sinksOf } from '../../../lib/lambda/needed-resources.ts';
import outlets from '../../integration/embedded/outlets-pipeline.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const context = {
  deployment: { stateTable: 's', streams: {}, tables: {}, queues: {}, buckets: {} },
  environment: {},
  maxAttempts: undefined,
} as unknown as AwsSinks;

const sinkOf = (kind: 's3' | 'sqs') => {
  const sinks = outlets.plan.stages.flatMap((stage) => sinksOf(outlets, stage.id));
  const sink = sinks.find(({ spec }) => spec.kind === kind);
  if (sink === undefined) throw new Error(`the pipeline has no ${kind} sink`);
  return awsSinkWriter(sink, context);
};

describe('a bundle that was made for another pipeline', () => {
  it.each(['s3', 'sqs'] as const)('says that it was made without %s', async (kind) => {
    vi.stubEnv(`MILLRACE_WITHOUT_${kind.toUpperCase()}`, 'yes');
    await expect(sinkOf(kind).write([])).rejects.toMatchObject({
      code: 'DEPLOYMENT_INVALID',
      message: expect.stringContaining(`without the ${kind.toUpperCase()} client`),
      fix: expect.stringContaining('Give StreamPipeline the pipeline'),
    });
  });

  it('says that it was made without a bucket for large payloads', async () => {
    vi.stubEnv('MILLRACE_WITHOUT_S3', 'yes');
    await expect(awsBlobs({ bucket: 'b', prefix: 'p/' }, {}).get('key', undefined as never)).rejects.toMatchObject({
      code: 'DEPLOYMENT_INVALID',
    });
  });
});
