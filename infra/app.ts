import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { StreamPipeline, synthApp } from 'millrace/cdk';
import revenue from '../functions/revenue/pipeline.ts';

/** The reference pipelines, a stack each. `-c development=true` lets everything go with its stack. */
synthApp((app) => {
  const isDevelopment = String(app.node.tryGetContext('development')) === 'true';
  const removalPolicy = isDevelopment ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;

  const stack = new Stack(app, 'MillraceRevenue', { description: 'Millrace: live revenue per province and minute' });
  new StreamPipeline(stack, 'Revenue', {
    pipeline: revenue,
    entry: 'functions/revenue/handler.ts',
    removalPolicy,
    workload: { eventsPerSecond: 1_000, keys: 31 },
  });
});
