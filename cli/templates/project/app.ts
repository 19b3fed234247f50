import { Stack } from 'aws-cdk-lib';
import { StreamPipeline, synthApp } from 'millrace/cdk';
import turnover from './pipeline.ts';

synthApp((app) => {
  const stack = new Stack(app, 'Turnover');
  const workload = { eventsPerSecond: 50, keys: 20 };
  new StreamPipeline(stack, 'Turnover', { pipeline: turnover, entry: 'handler.ts', workload });
});
