import { readFileSync } from 'node:fs';
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Pipeline } from 'millrace';
import { StreamPipeline, synthApp } from 'millrace/cdk';

const release = process.argv[2] as string;
const { default: revenue } = (await import(`./${release}/pipeline.ts`)) as { default: Pipeline };

/** The stack of `infra/app.ts` with the release that is named; `-c deployed=FILE` is the plan of the one before. */
synthApp((app) => {
  const deployed = app.node.tryGetContext('deployed') as string | undefined;
  const stack = new Stack(app, 'MillraceRevenue', { description: 'Millrace: live revenue per province and minute' });
  new StreamPipeline(stack, 'Revenue', {
    pipeline: revenue,
    entry: `test/e2e/releases/${release}/handler.ts`,
    removalPolicy: RemovalPolicy.DESTROY,
    ...(deployed !== undefined && { deployedPlan: JSON.parse(readFileSync(deployed, 'utf8')) }),
  });
});
