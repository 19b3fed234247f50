import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { Pipeline } from 'millrace';
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

/** A stack to build in, and its template when all is there. */
export const emptyStack = (): Stack => new Stack(unbundledApp(), 'Test');

export type Given = Omit<Partial<StreamPipelineProps>, 'pipeline'>;

export const deployIn = (stack: Stack, pipeline: Pipeline, props: Given = {}, id = 'Pipeline'): StreamPipeline =>
  new StreamPipeline(stack, id, { pipeline, entry, ...props });

/** The reference pipeline in a stack of its own. */
export const synthesize = (props: Given = {}): { readonly pipeline: StreamPipeline; readonly template: Template } => {
  const stack = emptyStack();
  const pipeline = deployIn(stack, revenue, props, 'Revenue');
  return { pipeline, template: Template.fromStack(stack) };
};

/** What `act` throws. */
export const errorOf = (act: () => unknown): unknown => {
  try {
    act();
  } catch (error) {
    return error;
  }
  return undefined;
};
