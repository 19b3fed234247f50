import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Table } from 'aws-cdk-lib/aws-dynamodb';
import { AccountPrincipal, Role } from 'aws-cdk-lib/aws-iam';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { StreamPipeline } from 'millrace/cdk';
import { describe, expect, it } from 'vitest';
import revenue from '../../functions/revenue/pipeline.ts';
import { deploymentVariable, readDeployment, stageVariable } from '../../lib/lambda/deployment.ts';
import { joining } from '../support/joining-pipeline.ts';
import { everySink } from './pipelines.ts';
import { deployIn, emptyStack, errorOf, synthesize } from './reference-stack.ts';

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

/** What the roles whose logical ids begin so may do. */
const statementsOf = (template: Template, prefix: string): Statement[] =>
  Object.entries(template.findResources('AWS::IAM::Policy'))
    .filter(([id]) => id.startsWith(prefix))
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement as Statement[]);

const actionsOn = (statements: readonly Statement[], resource: string): string[] =>
  [
    ...new Set(
      statements.filter(({ Resource }) => JSON.stringify(Resource).includes(resource)).flatMap(({ Action }) => Action),
    ),
  ].sort();

describe('a pipeline with a sink of every kind', () => {
  const stack = emptyStack();
  const pipeline = deployIn(stack, everySink({ start: { timestampMs: 1_700_000_000_000 } }), {
    stages: {
      clicks: { enhancedFanOut: true, memorySize: 512, batchingWindow: Duration.seconds(10) },
      'by-page': { batchSize: 50 },
    },
    shards: 2,
    streamShards: { 'clicks-by-page': 'on-demand' },
  });
  const template = Template.fromStack(stack);

  it('creates what they write to', () => {
    template.resourceCountIs('AWS::Kinesis::Stream', 3);
    template.resourceCountIs('AWS::DynamoDB::Table', 2);
    template.resourceCountIs('AWS::SQS::Queue', 3);
    template.hasResourceProperties('AWS::SQS::Queue', { FifoQueue: true });
    template.hasResourceProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
    });
  });

  it('tells the functions where it is, in the words that they read', () => {
    const output = template.findOutputs('PipelineDeployment').PipelineDeployment as {
      Value: { 'Fn::Join': [string, unknown[]] };
    };
    // As CloudFormation joins it, with ids for names.
    const text = output.Value['Fn::Join'][1]
      .map((part) => (typeof part === 'string' ? part : (part as { Ref: string }).Ref))
      .join('');
    for (const { id } of everySink().plan.stages) {
      const { deployment } = readDeployment(everySink(), { [stageVariable]: id, [deploymentVariable]: text });
      expect(Object.keys(deployment.queues ?? {})).toEqual(['alerts.fifo', 'jobs']);
    }
  });

  it('tells each function what its stage needs, and no more', () => {
    const functions = Object.values(template.findResources('AWS::Lambda::Function'));
    const documents = new Map(
      functions.map(({ Properties }) => {
        const { MILLRACE_STAGE: id, MILLRACE_DEPLOYMENT: document } = Properties.Environment.Variables;
        const text = document['Fn::Join'][1].map((part: string | { Ref: string }) =>
          typeof part === 'string' ? part : part.Ref,
        );
        const environment = { [stageVariable]: id, [deploymentVariable]: text.join('') };
        return [id as string, readDeployment(everySink(), environment).deployment] as const;
      }),
    );
    const namesOf = (stage: string) => {
      const { streams, tables, queues, buckets } = documents.get(stage) ?? { streams: {}, tables: {} };
      return [streams, tables, queues, buckets].map((names) => names && Object.keys(names));
    };
    expect(namesOf('clicks')).toEqual([['clicks', 'clicks-by-page'], [], undefined, ['archive']]);
    expect(namesOf('by-page')).toEqual([
      ['clicks', 'clicks-by-page', 'changes'],
      ['pages'],
      ['alerts.fifo', 'jobs'],
      undefined,
    ]);
  });

  it('lets each stage do what it does, and name what it does it to', () => {
    const source = statementsOf(template, 'PipelineStagesclicks');
    const keyed = statementsOf(template, 'PipelineStagesbypage');
    for (const { Action, Resource } of [...source, ...keyed]) {
      expect(Resource).not.toBe('*');
      expect([Action].flat().filter((action) => action.includes('*'))).toEqual([]);
    }
    expect(actionsOn(source, 'Bucketsarchive')).toEqual(['s3:GetObject', 's3:PutObject']);
    expect(JSON.stringify(source)).toContain('/clicks/*.jsonl.gz');
    expect(actionsOn(keyed, 'Bucketsarchive')).toEqual([]);
    expect(actionsOn(source, 'Tablespages')).toEqual([]);
    expect(actionsOn(keyed, 'Tablespages')).toEqual(['dynamodb:GetItem', 'dynamodb:PutItem']);
    expect(actionsOn(keyed, 'Queues')).toEqual(['sqs:SendMessage']);
    expect(actionsOn(source, 'Queues')).toEqual([]);
    expect(actionsOn(source, 'Consumer')).toEqual(['kinesis:DescribeStreamConsumer', 'kinesis:SubscribeToShard']);
  });

  it('lets a keyed stage send on what came to the wrong shard, and a source write to no source', () => {
    const hop = 'Streamsclicksbypage';
    expect(actionsOn(statementsOf(template, 'PipelineStagesbypage'), hop)).toContain('kinesis:PutRecords');
    const source = statementsOf(template, 'PipelineStagesclicks').filter(
      ({ Resource }) => !JSON.stringify(Resource).includes(hop),
    );
    expect(actionsOn(source, 'Streamsclicks')).not.toContain('kinesis:PutRecords');
  });

  it('reads by a consumer of its own where that is asked for, from the instant that the source says', () => {
    template.resourceCountIs('AWS::Kinesis::StreamConsumer', 1);
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('Consumer'), 'ConsumerARN'] },
      StartingPosition: 'AT_TIMESTAMP',
      StartingPositionTimestamp: 1_700_000_000,
      MaximumBatchingWindowInSeconds: 10,
      BatchSize: 1_000,
    });
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 50,
    });
  });

  it('gives single stages and streams what they were given', () => {
    template.hasResourceProperties('AWS::Lambda::Function', { MemorySize: 512 });
    template.hasResourceProperties('AWS::Lambda::Function', { MemorySize: 1_024 });
    template.hasResourceProperties('AWS::Kinesis::Stream', { ShardCount: 2 });
    template.hasResourceProperties('AWS::Kinesis::Stream', { StreamModeDetails: { StreamMode: 'ON_DEMAND' } });
    expect(pipeline.stages.get('clicks')?.settings.memorySize).toBe(512);
  });
});

describe('two sources that are joined', () => {
  const stack = emptyStack();
  const pipeline = deployIn(stack, joining());
  const template = Template.fromStack(stack);

  it('have one stream between them and the join, which both may write to and the join alone reads', () => {
    expect([...pipeline.stages.keys()].sort()).toEqual(['buys', 'views', 'views-by-page']);
    template.resourceCountIs('AWS::Kinesis::Stream', 4);
    template.resourceCountIs('AWS::Lambda::EventSourceMapping', 3);
    const hop = 'Streamsjoinsviewsbypage';
    const senders = Object.keys(template.findResources('AWS::IAM::Policy')).filter((id) =>
      /^PipelineStages(views|buys)(?!bypage)/.test(id),
    );
    expect(senders).toHaveLength(2);
    for (const sender of senders) {
      const actions = actionsOn(statementsOf(template, sender), hop);
      expect(actions).toContain('kinesis:PutRecords');
      expect(actions).not.toContain('kinesis:GetRecords');
    }
    expect(actionsOn(statementsOf(template, 'PipelineStagesviewsbypage'), hop)).toContain('kinesis:GetRecords');
  });
});

describe('alarms', () => {
  const stack = emptyStack();
  const topic = new Topic(stack, 'Topic');
  const pipeline = deployIn(stack, revenue, { alarmActions: [new SnsAction(topic)], retention: Duration.days(2) });
  const template = Template.fromStack(stack);

  it('are there for each stage, and for what the stages share', () => {
    template.resourceCountIs('AWS::CloudWatch::Alarm', 2 * 6 + 5);
    expect(pipeline.alarms).toHaveLength(17);
    template.allResourcesProperties('AWS::CloudWatch::Alarm', {
      AlarmActions: [{ Ref: Match.stringLikeRegexp('Topic') }],
      AlarmDescription: Match.stringLikeRegexp('ipeline revenue'),
      TreatMissingData: 'notBreaching',
    });
  });

  it('speak up when half of the retention is used up', () => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'IteratorAge',
      Namespace: 'AWS/Lambda',
      Threshold: 24 * 3_600_000,
      Statistic: 'Maximum',
    });
  });

  it('hear of a gap, of a shard that waits and of quarantine from the log of the stage', () => {
    template.resourceCountIs('AWS::Logs::MetricFilter', 6);
    template.hasResourceProperties('AWS::Logs::MetricFilter', { FilterPattern: '{ $.code = "GAP" }' });
    template.hasResourceProperties('AWS::Logs::MetricFilter', {
      FilterPattern: '{ $.rejected > 0 }',
      MetricTransformations: [Match.objectLike({ MetricValue: '$.rejected', MetricName: 'by-province-Rejected' })],
    });
    const namespaces = Object.values(template.findResources('AWS::Logs::MetricFilter')).map(
      ({ Properties }) => Properties.MetricTransformations[0].MetricNamespace as string,
    );
    const watched = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(
      ({ Properties }) => Properties.Namespace as string,
    );
    expect(watched).toContain(namespaces[0]);
  });

  it('and the dashboard can be left out', () => {
    const { template: bare, pipeline: quiet } = synthesize({ alarms: false, dashboard: false });
    bare.resourceCountIs('AWS::CloudWatch::Alarm', 0);
    bare.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
    expect(quiet.dashboard).toBeUndefined();
  });
});

describe('the dashboard', () => {
  it('shows what flows, what waits, what fails and what it takes, stage by stage', () => {
    const { template } = synthesize();
    const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
    const body = JSON.stringify(dashboard?.Properties.DashboardBody);
    for (const shown of [
      'WatermarkLag',
      'IteratorAge',
      'ConsumedWriteCapacityUnits',
      'by-province',
      'orders',
      revenue.plan.hash,
    ])
      expect(body).toContain(shown);
  });
});

describe('what is given', () => {
  it('is used, and not created', () => {
    const stack = emptyStack();
    const orders = Stream.fromStreamArn(stack, 'Orders', 'arn:aws:kinesis:eu-west-1:111122223333:stream/orders');
    const table = Table.fromTableName(stack, 'Rows', 'live-revenue');
    deployIn(stack, revenue, { streams: { orders }, tables: { revenue: table } });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::Kinesis::Stream', 2);
    template.resourceCountIs('AWS::DynamoDB::Table', 1);
    template.hasOutput('PipelineDeployment', {
      Value: { 'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp('"orders":"orders"')])] },
    });
  });

  it('goes with its stack where that is asked for', () => {
    const { template } = synthesize({ removalPolicy: RemovalPolicy.DESTROY });
    template.allResourcesProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: false });
    for (const type of ['AWS::DynamoDB::Table', 'AWS::Kinesis::Stream', 'AWS::Logs::LogGroup', 'AWS::SQS::Queue'])
      template.allResources(type, { DeletionPolicy: 'Delete' });
  });

  it('encrypts all that is created, and is granted to who needs it', () => {
    const stack = emptyStack();
    const encryptionKey = new Key(stack, 'Key');
    deployIn(stack, everySink(), { encryptionKey });
    const template = Template.fromStack(stack);
    const key = { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] };
    template.allResourcesProperties('AWS::Kinesis::Stream', { StreamEncryption: { KeyId: key } });
    template.allResourcesProperties('AWS::DynamoDB::Table', {
      SSESpecification: { SSEType: 'KMS', KMSMasterKeyId: key },
    });
    template.allResourcesProperties('AWS::SQS::Queue', { KmsMasterKeyId: key });
    template.allResourcesProperties('AWS::Lambda::Function', { KmsKeyArn: key });
    const allowed = actionsOn(statementsOf(template, 'PipelineStagesclicks'), '"Key');
    expect(allowed).toContain('kms:Decrypt');
    expect(allowed.filter((action) => action.includes('*'))).toEqual([]);
  });

  it('keeps large payloads of one pipeline under its name', () => {
    const stack = emptyStack();
    const blobs = new Bucket(stack, 'Blobs') as IBucket;
    deployIn(stack, revenue, { blobs });
    const template = Template.fromStack(stack);
    const statements = statementsOf(template, 'PipelineStages');
    expect(actionsOn(statements, '/revenue/*')).toEqual(['s3:DeleteObject', 's3:GetObject', 's3:PutObject']);
    expect(actionsOn(statements, 'Blobs')).toContain('s3:ListBucket');
    expect(JSON.stringify(template.findOutputs('PipelineDeployment'))).toContain('prefix\\":\\"revenue/');
  });
});

describe('several pipelines in a stack', () => {
  it('stand side by side', () => {
    const stack = emptyStack();
    deployIn(stack, revenue, {}, 'Revenue');
    deployIn(stack, everySink(), {}, 'Clicks');
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::Lambda::Function', 4);
    expect(Object.keys(template.findOutputs('*')).sort()).toEqual(
      ['Clicks', 'Revenue'].flatMap((id) =>
        ['Deployment', 'Failures', 'PlanHash', 'StateTable'].map((name) => `${id}${name}`),
      ),
    );
  });
});

const granted = (
  grant: (pipeline: ReturnType<typeof StreamPipeline.fromStreamPipelineAttributes>, role: Role) => void,
) => {
  const stack = emptyStack();
  const role = new Role(stack, 'Someone', { assumedBy: new AccountPrincipal('111122223333') });
  const names = (logical: string[]) =>
    Object.fromEntries(logical.map((name) => [name, `my-${name.replace('.fifo', '')}`]));
  const imported = StreamPipeline.fromStreamPipelineAttributes(stack, 'Clicks', {
    plan: everySink().plan,
    deployment: {
      stateTable: 'clicks-state',
      streams: names(['clicks', 'clicks-by-page', 'changes']),
      tables: names(['pages']),
      queues: {
        'alerts.fifo': 'https://sqs.eu-west-1.amazonaws.com/111122223333/alerts.fifo',
        jobs: 'https://sqs.eu-west-1.amazonaws.com/111122223333/jobs',
      },
      buckets: names(['archive']),
      blobs: { bucket: 'blobs', prefix: 'clicks/' },
    },
  });
  grant(imported, role);
  return statementsOf(Template.fromStack(stack), 'Someone');
};

describe('a pipeline that was deployed elsewhere', () => {
  it('lets producers put into its sources, and nowhere else', () => {
    const statements = granted((pipeline, role) => pipeline.grantPutRecords(role));
    expect(actionsOn(statements, 'stream/my-clicks"')).toContain('kinesis:PutRecord');
    expect(JSON.stringify(statements)).not.toContain('by-page');
    expect(errorOf(() => granted((pipeline, role) => pipeline.grantPutRecords(role, 'changes')))).toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining("'changes'"),
    });
  });

  it('lets readers read the rows of its tables', () => {
    const statements = granted((pipeline, role) => pipeline.grantReadRows(role, 'pages'));
    expect(actionsOn(statements, 'table/my-pages')).toEqual([
      'dynamodb:BatchGetItem',
      'dynamodb:GetItem',
      'dynamodb:Query',
      'dynamodb:Scan',
    ]);
  });

  it('shows its state without letting it be changed', () => {
    const statements = granted((pipeline, role) => pipeline.grantReadState(role));
    expect(actionsOn(statements, 'table/clicks-state')).toEqual([
      'dynamodb:BatchGetItem',
      'dynamodb:GetItem',
      'dynamodb:Query',
    ]);
    expect(actionsOn(statements, 'blobs/clicks/*')).toEqual(['s3:GetObject']);
  });

  it('lets operators do what all of its stages do', () => {
    const statements = granted((pipeline, role) => pipeline.grantOperate(role));
    expect(actionsOn(statements, 'table/clicks-state')).toContain('dynamodb:PutItem');
    expect(actionsOn(statements, ':jobs')).toEqual(['sqs:SendMessage']);
    expect(actionsOn(statements, 'my-archive/clicks/*.jsonl.gz')).toEqual(['s3:GetObject', 's3:PutObject']);
  });

  it('has the metrics that its functions write', () => {
    granted((pipeline) => {
      expect(pipeline.metricWatermarkLag('by-page').toMetricConfig().metricStat).toMatchObject({
        namespace: 'Millrace',
        metricName: 'WatermarkLag',
        dimensions: [
          { name: 'deployment', value: 'clicks-state' },
          { name: 'service', value: 'clicks' },
          { name: 'stage', value: 'by-page' },
        ],
        statistic: 'Maximum',
      });
      expect(() => pipeline.metricRecords('by-pages')).toThrow(/'by-pages'/);
    });
  });
});
