import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IStream } from 'aws-cdk-lib/aws-kinesis';
import { Construct, type IConstruct } from 'constructs';
import { invalidOption } from '../../lib/core/check-options.ts';
import type { Plan } from '../../lib/graph/plan.ts';
import { targetsOf } from './create-resources.ts';
import { grantBlobsRead, grantProduce, grantRowsRead, grantStateRead } from './grants.ts';
import type { PipelineResources } from './pipeline-resources.ts';
import { grantStage } from './stage-grants.ts';
import { type StageMetricName, stageMetric } from './stage-metric.ts';

/** A pipeline that is deployed here or elsewhere: what it works with, and what others may do with it. */
export interface IStreamPipeline extends IConstruct {
  /** The plan that it was deployed from. */
  readonly plan: Plan;
  /** Streams, tables, queues and buckets, by the logical names of the plan. */
  readonly resources: PipelineResources;

  /**
   * Lets a producer put records into the streams of the sources.
   *
   * @param stream logical name of one of them. Default: all
   * @throws MillraceError `INVALID_OPTION` for a stream that no source reads
   */
  grantPutRecords(grantee: IGrantable, stream?: string): Grant;
  /**
   * Lets somebody read rows from the tables of the sinks.
   *
   * @param table logical name of one of them. Default: all
   * @throws MillraceError `INVALID_OPTION` for a table that no sink writes, or a pipeline without tables
   */
  grantReadRows(grantee: IGrantable, table?: string): Grant;
  /** Lets somebody look at the state: `millrace quarantine list`. Payloads of quarantined records are in it. */
  grantReadState(grantee: IGrantable): Grant;
  /** Lets somebody repair and upgrade: `millrace redrive`, `skip` and `upgrade` work as one more container of each stage. */
  grantOperate(grantee: IGrantable): Grant;

  /**
   * A metric that the functions write, of one stage, in the namespace `Millrace`. It is told by the names of pipeline, stage and state
   * table: each deployment of a pipeline has its own.
   *
   * @param stage as in the plan
   * @throws MillraceError `INVALID_OPTION` for a stage that is not in the plan
   */
  metric(name: StageMetricName, stage: string, options?: MetricOptions): Metric;
  /** Records that were committed. Sum. */
  metricRecords(stage: string, options?: MetricOptions): Metric;
  /** Records, panes and timers that went to quarantine. Sum. */
  metricRejectedRecords(stage: string, options?: MetricOptions): Metric;
  /** How old the last record of a batch was when it was done, ms. Maximum. */
  metricIteratorAge(stage: string, options?: MetricOptions): Metric;
  /** How far event time is behind, ms. Maximum. */
  metricWatermarkLag(stage: string, options?: MetricOptions): Metric;
  /** Commits that another container made first. Sum. */
  metricLostRaces(stage: string, options?: MetricOptions): Metric;
}

/** What pipelines have in common, wherever they were deployed. */
export abstract class StreamPipelineBase extends Construct implements IStreamPipeline {
  abstract readonly plan: Plan;
  abstract readonly resources: PipelineResources;

  grantPutRecords(grantee: IGrantable, stream?: string): Grant {
    const sources = [
      ...new Set(this.plan.stages.flatMap(({ input }) => (input.kind === 'source' ? [input.stream] : []))),
    ];
    return combined(
      this.#chosen('stream', stream, sources).map((name) =>
        grantProduce(grantee, this.resources.streams.get(name) as IStream),
      ),
    );
  }

  grantReadRows(grantee: IGrantable, table?: string): Grant {
    return combined(
      this.#chosen('table', table, targetsOf(this.plan, 'dynamo')).map((name) =>
        grantRowsRead(grantee, this.resources.tables.get(name) as ITable),
      ),
    );
  }

  grantReadState(grantee: IGrantable): Grant {
    const { stateTable, blobs } = this.resources;
    const grant = grantStateRead(grantee, stateTable);
    return blobs === undefined ? grant : grant.combine(grantBlobsRead(grantee, blobs));
  }

  grantOperate(grantee: IGrantable): Grant {
    return combined(this.plan.stages.map((stage) => grantStage(grantee, this.plan, stage, this.resources)));
  }

  metric(name: StageMetricName, stage: string, options?: MetricOptions): Metric {
    this.#chosen(
      'stage',
      stage,
      this.plan.stages.map(({ id }) => id),
    );
    const { stateTable } = this.resources;
    return stageMetric({ pipeline: this.plan.pipeline, stage, stateTable }, name, options);
  }

  metricRecords(stage: string, options?: MetricOptions): Metric {
    return this.metric('Records', stage, options);
  }

  metricRejectedRecords(stage: string, options?: MetricOptions): Metric {
    return this.metric('RejectedRecords', stage, options);
  }

  metricIteratorAge(stage: string, options?: MetricOptions): Metric {
    return this.metric('IteratorAge', stage, options);
  }

  metricWatermarkLag(stage: string, options?: MetricOptions): Metric {
    return this.metric('WatermarkLag', stage, options);
  }

  metricLostRaces(stage: string, options?: MetricOptions): Metric {
    return this.metric('LostRaces', stage, options);
  }

  #chosen(kind: string, given: string | undefined, known: readonly string[]): readonly string[] {
    if (given === undefined && known.length > 0) return known;
    if (given !== undefined && known.includes(given)) return [given];
    throw invalidOption(
      `StreamPipeline '${this.plan.pipeline}'`,
      given === undefined
        ? `it has no ${kind} for this`
        : `there is no ${kind} '${given}' for this; allowed are: ${known.join(', ') || 'none'}`,
      'Use a name that `millrace plan` prints.',
      { given, known },
    );
  }
}

const combined = ([first, ...rest]: readonly Grant[]): Grant =>
  rest.reduce((grants, grant) => grants.combine(grant), first as Grant);
