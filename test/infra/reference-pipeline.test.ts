import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import revenue from '../../functions/revenue/pipeline.ts';
import { synthesize } from './reference-stack.ts';

describe('the stack of the reference pipeline', () => {
  const { template, pipeline } = synthesize();

  it('has a function, a version, a mapping, a tick, a role and a log group for each of its two stages', () => {
    for (const type of [
      'AWS::Lambda::Function',
      'AWS::Lambda::Version',
      'AWS::Lambda::EventSourceMapping',
      'AWS::Lambda::EventInvokeConfig',
      'AWS::Lambda::Permission',
      'AWS::Events::Rule',
      'AWS::IAM::Role',
      'AWS::IAM::Policy',
      'AWS::Logs::LogGroup',
    ])
      template.resourceCountIs(type, 2);
  });

  it('has the source, the hop and the sink as streams, the state and the sink as tables, and a queue for failures', () => {
    template.resourceCountIs('AWS::Kinesis::Stream', 3);
    template.resourceCountIs('AWS::DynamoDB::Table', 2);
    template.resourceCountIs('AWS::SQS::Queue', 1);
    template.resourceCountIs('AWS::S3::Bucket', 0);
  });

  it('is 49 resources in all', () => {
    expect(Object.keys(template.toJSON().Resources)).toHaveLength(49);
  });

  it('keeps state on demand, recoverable, protected, and never by age', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      Properties: {
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        BillingMode: 'PAY_PER_REQUEST',
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true },
        DeletionProtectionEnabled: true,
        TimeToLiveSpecification: Match.absent(),
      },
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    });
  });

  it("gives the sink's table the key of the plan", () => {
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      KeySchema: [
        { AttributeName: 'province', KeyType: 'HASH' },
        { AttributeName: 'minute', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'province', AttributeType: 'S' },
        { AttributeName: 'minute', AttributeType: 'N' },
      ],
    });
  });

  it('runs every stage on ARM and Node 24, as ES modules with source maps', () => {
    for (const stage of revenue.plan.stages) {
      template.hasResourceProperties('AWS::Lambda::Function', {
        Architectures: ['arm64'],
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Environment: { Variables: { MILLRACE_STAGE: stage.id } },
      });
    }
  });

  it('feeds every stage by a mapping that gives up nothing', () => {
    template.allResourcesProperties('AWS::Lambda::EventSourceMapping', {
      ParallelizationFactor: 1,
      MaximumRetryAttempts: -1,
      MaximumRecordAgeInSeconds: -1,
      BisectBatchOnFunctionError: false,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      StartingPosition: 'TRIM_HORIZON',
      TumblingWindowInSeconds: Match.absent(),
      FilterCriteria: Match.absent(),
      DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
    });
  });

  it('maps onto versions that are kept when the next one comes', () => {
    template.allResources('AWS::Lambda::Version', { DeletionPolicy: 'Retain' });
    template.allResourcesProperties('AWS::Lambda::EventSourceMapping', {
      FunctionName: {
        'Fn::Join': ['', [{ Ref: Match.anyValue() }, ':', { 'Fn::GetAtt': [Match.anyValue(), 'Version'] }]],
      },
    });
  });

  it('replaces receivers before senders', () => {
    const mappings = template.findResources('AWS::Lambda::EventSourceMapping');
    const [orders, byProvince] = ['orders', 'byprovince'].map((stage) =>
      Object.keys(mappings).find((id) => id.startsWith(`RevenueStages${stage}Mapping`)),
    );
    expect(mappings[orders as string]?.DependsOn).toContain(byProvince);
    expect(mappings[byProvince as string]?.DependsOn ?? []).not.toContain(orders);
  });

  it('tells every stage the time once a minute, and never twice the same', () => {
    template.allResourcesProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 minute)',
      Targets: [
        Match.objectLike({
          Input: '{"millrace":"tick"}',
          RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 },
        }),
      ],
    });
    template.allResourcesProperties('AWS::Lambda::EventInvokeConfig', { MaximumRetryAttempts: 0 });
  });

  it('tells functions and commands the same names', () => {
    const functions = Object.values(template.findResources('AWS::Lambda::Function'));
    const documents = functions.map(({ Properties }) => Properties.Environment.Variables.MILLRACE_DEPLOYMENT);
    expect(documents).toHaveLength(2);
    const whole = JSON.stringify(template.findOutputs('RevenueDeployment').RevenueDeployment?.Value);
    for (const document of documents)
      for (const { Ref } of document['Fn::Join'][1].filter((part: unknown) => typeof part !== 'string'))
        expect(whole).toContain(`{"Ref":"${Ref}"}`);
    template.hasOutput('RevenuePlanHash', { Value: revenue.plan.hash });
  });

  it('shows what it made by the names of the plan', () => {
    expect([...pipeline.stages.keys()]).toEqual(['orders', 'by-province']);
    expect([...pipeline.resources.streams.keys()]).toEqual(['orders', 'revenue-by-province', 'late-orders']);
    expect([...pipeline.resources.tables.keys()]).toEqual(['revenue']);
  });
});
