import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { InvocationRecorder } from './invocation-recorder.ts';
import { InvocationReport } from './invocation-report.ts';

export interface StageTelemetry {
  readonly recorder: InvocationRecorder;
  readonly report: InvocationReport;
}

/**
 * Powertools' logger and metrics for a stage. Their own environment variables hold: `POWERTOOLS_LOG_LEVEL` (at DEBUG every
 * step of the protocol is a line), `POWERTOOLS_METRICS_DISABLED`, …
 *
 * @param stage `undefined` while it is not known
 */
export const createTelemetry = (pipeline: string, stage: string | undefined): StageTelemetry => {
  const known = stage === undefined ? {} : { stage };
  const logger = new Logger({ serviceName: pipeline, persistentKeys: known });
  const metrics = new Metrics({
    namespace: 'Millrace',
    serviceName: pipeline,
    defaultDimensions: known,
  });
  return {
    recorder: new InvocationRecorder((step, unit) => logger.debug('step', { step, unit })),
    report: new InvocationReport(logger, metrics),
  };
};
