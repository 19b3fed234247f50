import { Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { AwsSolutionsChecks } from 'cdk-nag';
import { StreamPipeline, type StreamPipelineProps } from 'millrace/cdk';
import { describe, expect, it } from 'vitest';
import revenue from '../../functions/revenue/pipeline.ts';
import { entry, unbundledApp } from './reference-stack.ts';

/** Synthesizes under cdk-nag's AwsSolutions rules, which end a synthesis that breaks one. */
const synthesizeUnderRules = (props: Partial<StreamPipelineProps> = {}) => {
  const app = unbundledApp();
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const stack = new Stack(app, 'Nag');
  const pipeline = new StreamPipeline(stack, 'Revenue', { pipeline: revenue, entry, ...props });
  return { pipeline, synth: () => app.synth() };
};

describe('the AwsSolutions rules of cdk-nag', () => {
  it('hold for the reference pipeline', () => {
    expect(synthesizeUnderRules().synth).not.toThrow();
  });

  it('speak up where something is allowed too much', () => {
    const { pipeline, synth } = synthesizeUnderRules();
    pipeline.stages.get('orders')?.role.addToPolicy(new PolicyStatement({ actions: ['s3:*'], resources: ['*'] }));
    expect(synth).toThrow(/AwsSolutions-IAM5/);
  });
});
