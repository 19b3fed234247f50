import { App, Stack } from 'aws-cdk-lib';
import { StreamPipeline } from 'millrace/cdk';
import turnover from './pipeline.ts';

const stack = new Stack(new App(), 'Turnover');
new StreamPipeline(stack, 'Turnover', { pipeline: turnover, entry: 'handler.ts' });
