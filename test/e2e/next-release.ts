import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { StreamPipeline } from 'millrace/cdk';
import revenue from '../../functions/revenue/pipeline.ts';

/** The stack of `infra/app.ts`, with functions that differ by a variable: new versions, and mappings that move to them. */
const stack = new Stack(new App(), 'MillraceRevenue', {
  description: 'Millrace: live revenue per province and minute',
});
new StreamPipeline(stack, 'Revenue', {
  pipeline: revenue,
  entry: 'functions/revenue/handler.ts',
  removalPolicy: RemovalPolicy.DESTROY,
  environment: { RELEASE: '2' },
});
