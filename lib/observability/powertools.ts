import { Logger, LogLevelThreshold } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { InvocationRecorder } from './invocation-recorder.ts';
import { InvocationReport } from './invocation-report.ts';

export interface StageTelemetry {
  readonly recorder: InvocationRecorder;
  readonly report: InvocationReport;
}

/** What tells a stage's log lines and metrics from those of others. */
export interface MeasuredSubject {
  readonly pipeline: string;
  /** Left out while it is not known. */
  readonly stage?: string | undefined;
  /** Its state table, which belongs to one deployment of one pipeline. Left out while it is not known. */
  readonly deployment?: string | undefined;
}

/**
 * Powertools' logger and metrics for a stage. Their own environment variables hold: `POWERTOOLS_LOG_LEVEL` (at DEBUG every
 * step of the protocol is a line), `POWERTOOLS_METRICS_DISABLED`, …
 */
export const createTelemetry = ({ pipeline, stage, deployment }: MeasuredSubject): StageTelemetry => {
  const known = { ...(stage !== undefined && { stage }), ...(deployment !== undefined && { deployment }) };
  const logger = new Logger({ serviceName: pipeline, persistentKeys: known });
  const metrics = new Metrics({
    namespace: 'Millrace',
    serviceName: pipeline,
    defaultDimensions: known,
  });
  // Asked once: the logger looks at the environment each time, an invocation has a dozen steps, and nobody changes the level.
  const logsSteps = logger.level <= LogLevelThreshold.DEBUG;
  const onStep = (step: string, unit: string): void => {
    if (logsSteps) logger.debug('step', { step, unit });
  };
  return {
    recorder: new InvocationRecorder(onStep),
    report: new InvocationReport(logger, metrics),
  };
};
