import { App, Stack } from 'aws-cdk-lib';
import { StreamPipeline } from 'millrace/cdk';
import visits from './pipeline.ts';

/** With the defaults of production: its data stay when the stack goes. */
const stack = new Stack(new App(), 'MillraceVisits');
new StreamPipeline(stack, 'Visits', { pipeline: visits, entry: 'test/e2e/visits/handler.ts' });
