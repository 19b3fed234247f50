import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { StreamPipeline } from 'millrace/cdk';
import revenue from '../functions/revenue/pipeline.ts';

/** The reference pipelines, a stack each. `-c development=true` lets everything go with its stack. */
const app = new App();
const removalPolicy =
  String(app.node.tryGetContext('development')) === 'true' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;

const stack = new Stack(app, 'MillraceRevenue', { description: 'Millrace: live revenue per province and minute' });
new StreamPipeline(stack, 'Revenue', { pipeline: revenue, entry: 'functions/revenue/handler.ts', removalPolicy });
