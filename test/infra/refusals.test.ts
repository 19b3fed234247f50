import { Aspects, Duration, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { AttributeType, type ITable, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { CfnEventSourceMapping, FilterCriteria, FilterRule } from 'aws-cdk-lib/aws-lambda';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { days, hours, minutes, type Pipeline } from 'millrace';
import type { StreamPipeline } from 'millrace/cdk';
import { describe, expect, it } from 'vitest';
import { everySink } from './pipelines.ts';
import { deployIn, emptyStack, errorOf, type Given, unbundledApp } from './reference-stack.ts';

/** What a stack with the pipeline is refused with; `undefined` where it synthesizes. */
const refusal = (
  props: Given | ((stack: Stack) => Given),
  pipeline: Pipeline = everySink(),
  change: (deployed: StreamPipeline, stack: Stack) => void = () => undefined,
): unknown =>
  errorOf(() => {
    const stack = emptyStack();
    change(deployIn(stack, pipeline, typeof props === 'function' ? props(stack) : props), stack);
    Template.fromStack(stack);
  });

const says = (code: string, message: string | RegExp, fix: string | RegExp) =>
  expect.objectContaining({
    code,
    message: expect.stringMatching(message),
    fix: expect.stringMatching(fix),
  });

const mappingOf = (deployed: StreamPipeline, stage: string) =>
  deployed.stages.get(stage)?.mapping.node.defaultChild as CfnEventSourceMapping;

describe('a stack that would break a guarantee', () => {
  it('is not refused when nothing is wrong', () => {
    expect(refusal({})).toBeUndefined();
  });

  describe('is refused for a retention', () => {
    it('that is shorter than lateness and the outage that may be', () => {
      expect(refusal({}, everySink({ lateness: hours(13) }))).toEqual(
        says(
          'RETENTION_TOO_SHORT',
          /'clicks' .* 24 hours; allowed are at least 25 hours: .* 13 hours late/,
          /Duration\.hours\(26\)/,
        ),
      );
      expect(refusal({ retention: Duration.hours(26) }, everySink({ lateness: hours(13) }))).toBeUndefined();
      expect(refusal({ outage: Duration.hours(10) }, everySink({ lateness: hours(13) }))).toBeUndefined();
    });

    it('of the stream between two stages', () => {
      const streamRetention = { clicks: Duration.days(7) };
      expect(refusal({ streamRetention, outage: Duration.days(2) })).toEqual(
        says('RETENTION_TOO_SHORT', /'clicks-by-page' of stage 'by-page'/, /'clicks-by-page'/),
      );
    });

    it('of a stream that is given, as its definition says', () => {
      const given = (retention: Duration) => (stack: Stack) => ({
        streams: { clicks: new Stream(stack, 'Given', { retentionPeriod: retention }) },
        retention: Duration.days(7),
        outage: Duration.days(2),
      });
      expect(refusal(given(Duration.days(1)))).toEqual(says('RETENTION_TOO_SHORT', /'clicks' .* 24 hours/, /clicks/));
      expect(refusal(given(Duration.days(3)))).toBeUndefined();
    });

    it('of a stream that is imported, unless its retention is said', () => {
      const imported = (streamRetention: Given['streamRetention']) => (stack: Stack) => ({
        streams: {
          clicks: Stream.fromStreamArn(stack, 'Given', 'arn:aws:kinesis:eu-west-1:111122223333:stream/clicks'),
        },
        retention: Duration.days(7),
        outage: Duration.days(2),
        ...(streamRetention !== undefined && { streamRetention }),
      });
      expect(refusal(imported(undefined))).toEqual(says('RETENTION_TOO_SHORT', /24 hours/, /imported/));
      expect(refusal(imported({ clicks: Duration.days(3) }))).toBeUndefined();
    });
  });

  describe('is refused for a mapping', () => {
    it('that runs two invocations on one shard', () => {
      const parallel = (deployed: StreamPipeline) => {
        mappingOf(deployed, 'clicks').parallelizationFactor = 4;
      };
      expect(refusal({}, everySink(), parallel)).toEqual(
        says('PARALLELIZATION_FACTOR', /stage 'clicks' has ParallelizationFactor 4; allowed: 1/, /more shards/),
      );
    });

    it('that an override or an aspect has changed', () => {
      const overridden = (deployed: StreamPipeline) =>
        mappingOf(deployed, 'by-page').addPropertyOverride('TumblingWindowInSeconds', 60);
      expect(refusal({}, everySink(), overridden)).toEqual(
        says('MAPPING_UNSAFE', /TumblingWindowInSeconds 60/, /window/),
      );
      const limitRetries = (_: unknown, stack: Stack) =>
        Aspects.of(stack).add({
          visit: (node) => {
            if (node instanceof CfnEventSourceMapping) node.maximumRetryAttempts = 3;
          },
        });
      expect(refusal({}, everySink(), limitRetries)).toEqual(says('MAPPING_UNSAFE', /MaximumRetryAttempts 3/, /-1/));
    });

    it('that filters what exactly-once counts on, or what leads from stage to stage', () => {
      const filters = [FilterCriteria.filter({ data: { page: FilterRule.notEquals('/health') } })];
      expect(refusal({ stages: { clicks: { filters } } })).toEqual(
        says('MAPPING_UNSAFE', /FilterCriteria/, /`filter`/),
      );
      const less = everySink({ delivery: 'at-least-once' });
      expect(refusal({ stages: { clicks: { filters } } }, less)).toBeUndefined();
      expect(refusal({ stages: { 'by-page': { filters } } }, less)).toEqual(
        says('MAPPING_UNSAFE', /'by-page'/, /filter/),
      );
    });
  });

  describe('is refused for a time-out', () => {
    it('in which no request can be tried three times, or that Lambda does not have', () => {
      expect(refusal({ timeout: Duration.seconds(29) })).toEqual(says('TIMEOUT_TOO_SHORT', /29 seconds/, /60 seconds/));
      expect(refusal({ timeout: Duration.seconds(901) })).toEqual(
        says('TIMEOUT_TOO_SHORT', /901 seconds/, /60 seconds/),
      );
    });

    it('that leaves a full batch too little', () => {
      const stages = { 'by-page': { batchSize: 10_000, timeout: Duration.seconds(30) } };
      expect(refusal({ stages })).toEqual(
        says(
          'TIMEOUT_TOO_SHORT',
          /'by-page' .* 27000 ms are for a batch of up to 10000/,
          /56 seconds, or batchSize to 5400/,
        ),
      );
      expect(refusal({ stages: { 'by-page': { batchSize: 10_000, timeout: Duration.seconds(56) } } })).toBeUndefined();
    });
  });

  it('is refused for settings that AWS does not have', () => {
    expect(refusal({ memorySize: 128 })).toEqual(says('INVALID_OPTION', /'memorySize' is 128; .* 256 to 10240/, /./));
    expect(refusal({ batchSize: 0 })).toEqual(says('INVALID_OPTION', /'batchSize' is 0/, /./));
    expect(refusal({ batchingWindow: Duration.minutes(6) })).toEqual(
      says('INVALID_OPTION', /'batchingWindow' is 360/, /./),
    );
    expect(refusal({ tickInterval: Duration.seconds(30) })).toEqual(
      says('INVALID_OPTION', /'tickInterval' is 0.5/, /./),
    );
    expect(refusal({ shards: 0 })).toEqual(says('INVALID_OPTION', /'shards' is 0; .* 1 to 10000/, /./));
    expect(refusal({ streamRetention: { clicks: Duration.hours(12) } })).toEqual(
      says('INVALID_OPTION', /'streamRetention.clicks' is 12; .* 24 to 8760/, /./),
    );
  });

  it('is refused for a stream or a table that lies where the functions do not look', () => {
    const elsewhere = errorOf(() => {
      const stack = new Stack(unbundledApp(), 'Test', { env: { account: '111122223333', region: 'eu-west-1' } });
      const clicks = Stream.fromStreamArn(stack, 'Given', 'arn:aws:kinesis:us-east-1:111122223333:stream/clicks');
      deployIn(stack, everySink(), { streams: { clicks } });
    });
    expect(elsewhere).toEqual(
      says('INVALID_OPTION', /'streams.clicks' lies in region us-east-1; allowed is .* eu-west-1/, /./),
    );
  });

  describe('is refused for a sink', () => {
    it('whose queue does not keep what it holds', () => {
      const standard = (stack: Stack) => ({ queues: { 'alerts.fifo': new Queue(stack, 'Standard') } });
      expect(refusal(standard)).toEqual(
        says(
          'SINK_CANNOT_HOLD_GUARANTEE',
          /'alerts' holds exactly-once within 5 minutes with a FIFO queue; .* a standard queue/,
          /FIFO/,
        ),
      );
      const fifo = (stack: Stack) => ({ queues: { jobs: new Queue(stack, 'Fifo', { fifo: true }) } });
      expect(refusal(fifo)).toEqual(says('SINK_CANNOT_HOLD_GUARANTEE', /'jobs'/, /standard/));
    });

    it('whose table has another key', () => {
      const given = (name: string) => (stack: Stack) => ({
        tables: { pages: new Table(stack, 'Given', { partitionKey: { name, type: AttributeType.STRING } }) as ITable },
      });
      expect(refusal(given('id'))).toEqual(says('TABLE_SHAPE', /key id \(S\); allowed: page \(S\)/, /key of the sink/));
      expect(refusal(given('page'))).toBeUndefined();
    });
  });

  describe('is refused for a name', () => {
    it('of an operator whose stream another one has', () => {
      expect(refusal({}, everySink({ stream: 'clicks-by-page' }))).toEqual(
        says('NAME_COLLISION', /Operator 'by-page' .* 'clicks-by-page', which source 'clicks' names too/, /otherwise/),
      );
    });

    it('that is nowhere in the plan', () => {
      expect(refusal({ stages: { click: {} } })).toEqual(says('INVALID_OPTION', /'stages' names 'click'/, /'clicks'/));
      expect(refusal({ streamShards: { 'clicks-by-pages': 2 } })).toEqual(
        says('INVALID_OPTION', /streamShards/, /'clicks-by-page'/),
      );
      expect(refusal((stack) => ({ queues: { none: new Queue(stack, 'Q') } }))).toEqual(
        says('INVALID_OPTION', /alerts\.fifo, jobs/, /Remove/),
      );
    });

    it('of a stream that leads from stage to stage', () => {
      expect(refusal((stack) => ({ streams: { 'clicks-by-page': new Stream(stack, 'Given') } }))).toEqual(
        says('INVALID_OPTION', /from stage to stage/, /nobody else/),
      );
    });

    it('of a variable that the construct sets', () => {
      expect(refusal({ environment: { MILLRACE_STAGE: 'x' } })).toEqual(says('INVALID_OPTION', /MILLRACE_STAGE/, /./));
    });
  });

  describe('is refused for a table', () => {
    const stateTable = (stack: Stack) =>
      new Table(stack, 'Shared', {
        partitionKey: { name: 'pk', type: AttributeType.STRING },
        sortKey: { name: 'sk', type: AttributeType.STRING },
      }) as ITable;

    it('of state that two pipelines share', () => {
      const error = errorOf(() => {
        const stack = emptyStack();
        const table = stateTable(stack);
        deployIn(stack, everySink(), { stateTable: table }, 'One');
        deployIn(stack, everySink({ name: 'others' }), { stateTable: table }, 'Two');
        Template.fromStack(stack);
      });
      expect(error).toEqual(
        says('RESOURCE_SHARED', /state of pipeline 'clicks' and for the state of pipeline 'others'/, /own/),
      );
    });

    it('of rows that two pipelines write, also where both import it', () => {
      const error = errorOf(() => {
        const stack = emptyStack();
        for (const name of ['one', 'two']) {
          const pages = Table.fromTableName(stack, `Pages-${name}`, 'pages');
          deployIn(stack, everySink({ name }), { tables: { pages } }, name);
        }
        Template.fromStack(stack);
      });
      expect(error).toEqual(says('RESOURCE_SHARED', /'pages' of pipeline 'one'/, /own/));
    });
  });

  describe('is refused for a plan', () => {
    const deployedPlan = JSON.parse(JSON.stringify(everySink().plan));

    it('that cannot go on with the state of the deployed one', () => {
      expect(refusal({ deployedPlan }, everySink({ size: minutes(2) }))).toEqual(
        says('UPGRADE_REFUSED', /window 'minute'/, /./),
      );
      expect(refusal({ deployedPlan }, everySink({ lateness: minutes(5) }))).toBeUndefined();
    });

    it('that is none, or was changed by hand', () => {
      expect(refusal({ deployedPlan: { ...deployedPlan, partitions: 256 } })).toEqual(
        says('INVALID_OPTION', /changed by hand/, /plan FILE --json/),
      );
    });
  });

  it('has room for days of lateness', () => {
    expect(refusal({ retention: Duration.days(7) }, everySink({ lateness: days(6) }))).toBeUndefined();
  });
});

describe('an environment', () => {
  const filled = (chars: number) => ({ environment: { FILLING: 'x'.repeat(chars) } });

  it('that Lambda does not take is refused, with what is in it', () => {
    expect(refusal(filled(3_500))).toEqual(
      says(
        'ENVIRONMENT_TOO_LARGE',
        /stage '.*' has about \d+ bytes as JSON; allowed are 4096\. Of them MILLRACE_DEPLOYMENT.* \d+, and the other variables have 3\d+/,
        /'environment'/,
      ),
    );
    expect(refusal(filled(2_000))).toBeUndefined();
  });

  it('is measured as it is deployed: an aspect may fill it too', () => {
    const fill = (deployed: StreamPipeline) =>
      deployed.stages.get('clicks')?.function.addEnvironment('LATER', 'x'.repeat(4_000));
    expect(refusal({}, everySink(), fill)).toEqual(says('ENVIRONMENT_TOO_LARGE', /stage 'clicks'/, /./));
  });

  it('counts a name that CloudFormation makes as long as it may be', () => {
    const bytesIn = (stackName: string): number => {
      const stack = new Stack(unbundledApp(), stackName);
      const refused = errorOf(() => {
        deployIn(stack, everySink(), filled(4_096));
        Template.fromStack(stack);
      });
      return (refused as { fields: { bytes: number } }).fields.bytes;
    };
    // State, two streams and a table or queue are in every stage's document at least.
    expect(bytesIn('A'.repeat(41)) - bytesIn('A')).toBeGreaterThanOrEqual(3 * 40);
  });
});

describe('what is given in place of a resource', () => {
  it.each([
    [
      { streams: { clicks: 'prod-clicks' } },
      /'streams\.clicks' is 'prod-clicks'; allowed is a stream/,
      /fromStreamArn/,
    ],
    [{ tables: { pages: 'prod-pages' } }, /'tables\.pages' is 'prod-pages'; allowed is a table/, /fromTableName/],
    [{ queues: { jobs: 7 } }, /'queues\.jobs' is of type number; allowed is a queue/, /fromQueueArn/],
    [{ buckets: { archive: null } }, /'buckets\.archive' is of type null; allowed is a bucket/, /fromBucketName/],
    [{ stateTable: 'prod-state' }, /'stateTable' is 'prod-state'; allowed is a table/, /fromTableName/],
    [{ blobs: {} }, /'blobs' is of type object; allowed is a bucket/, /fromBucketName/],
  ])('is refused with how to import it: %j', (props, message, fix) => {
    expect(refusal(props as unknown as Given)).toEqual(says('INVALID_OPTION', message, fix));
  });
});

describe('a region that CDK does not know', () => {
  const warningsIn = (region: string) => {
    const stack = new Stack(unbundledApp(), 'Test', { env: { account: '111122223333', region } });
    deployIn(stack, everySink());
    return Annotations.fromStack(stack)
      .findWarning('*', Match.stringLikeRegexp('region'))
      .map(({ entry }) => entry.data);
  };

  it('is warned of, with the one that is meant', () => {
    expect(warningsIn('eu-cental-1')).toEqual([
      expect.stringContaining("'eu-cental-1' is none that this CDK knows. Did you mean 'eu-central-1'?"),
    ]);
    expect(warningsIn('moon-base-alpha-dark-side')).toEqual([expect.stringContaining('or update aws-cdk-lib')]);
  });

  it('is not what any other is', () => {
    expect(warningsIn('eu-central-1')).toEqual([]);
  });
});
