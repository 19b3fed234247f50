import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { StreamPipeline, type StreamPipelineProps } from 'millrace/cdk';
import revenue from '../../functions/revenue/pipeline.ts';

export const entry = 'functions/revenue/handler.ts';

/** Synthesizes without bundling: what is in the functions is looked at in `handler-bundle.test.ts`. */
export const unbundledApp = (): App =>
  new App({
    analyticsReporting: false,
    // A stack trace for each construct takes longer than all the rest.
    context: { 'aws:cdk:bundling-stacks': [], 'aws:cdk:disable-stack-trace': true },
  });

export interface Synthesized {
  readonly stack: Stack;
  readonly pipeline: StreamPipeline;
  readonly template: Template;
}

/** The reference pipeline in a stack of its own. */
export const synthesize = (props: Partial<StreamPipelineProps> = {}): Synthesized => {
  const stack = new Stack(unbundledApp(), 'Test');
  const pipeline = new StreamPipeline(stack, 'Revenue', { pipeline: revenue, entry, ...props });
  return { stack, pipeline, template: Template.fromStack(stack) };
};
