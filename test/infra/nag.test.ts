import { type App, type Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { Pipeline } from 'millrace';
import { describe, expect, it } from 'vitest';
import revenue from '../../functions/revenue/pipeline.ts';
import { everySink } from './pipelines.ts';
import { deployIn, emptyStack, type Given } from './reference-stack.ts';

/** A stack under cdk-nag's AwsSolutions rules, which end a synthesis that breaks one. */
const underRules = (pipeline: Pipeline, props: (stack: Stack) => Given = () => ({})) => {
  const stack = emptyStack();
  const root = stack.node.root as App;
  Validations.of(root).addPlugins(new AwsSolutionsChecks(root));
  const deployed = deployIn(stack, pipeline, props(stack));
  return { deployed, synth: () => root.synth() };
};

const bucketForLogs = (stack: Stack): IBucket => {
  const logs = new Bucket(stack, 'AccessLogs', { blockPublicAccess: BlockPublicAccess.BLOCK_ALL, enforceSSL: true });
  Validations.of(logs).acknowledge({
    id: 'AwsSolutions::AwsSolutions-S1',
    reason: 'Logs of accesses to logs have no reader.',
  });
  return logs as IBucket;
};

describe('the AwsSolutions rules of cdk-nag', () => {
  it('hold for the reference pipeline', () => {
    expect(underRules(revenue).synth).not.toThrow();
  });

  it('hold for a pipeline with a sink of every kind, a bucket for large payloads and a key', () => {
    const { synth } = underRules(everySink(), (stack) => {
      const accessLogs = bucketForLogs(stack);
      return { accessLogs, blobs: accessLogs, encryptionKey: new Key(stack, 'Key', { enableKeyRotation: true }) };
    });
    expect(synth).not.toThrow();
  });

  it('speak up where something is allowed too much', () => {
    const { deployed, synth } = underRules(revenue);
    deployed.stages.get('orders')?.role.addToPolicy(new PolicyStatement({ actions: ['s3:*'], resources: ['*'] }));
    expect(synth).toThrow(/AwsSolutions-IAM5/);
  });
});
