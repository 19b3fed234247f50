import { Duration } from 'aws-cdk-lib';
import type { IStream } from 'aws-cdk-lib/aws-kinesis';
import { MillraceError } from '../../../lib/errors/millrace-error.ts';
import type { Plan } from '../../../lib/graph/plan.ts';
import type { StreamPipelineProps } from '../stream-pipeline-props.ts';
import { retentionOf } from '../stream-retention.ts';

/** How long a stage may be down where nobody says it. */
const defaultOutage = Duration.hours(12);

/**
 * A stream has to keep a record for as long as it may be waited for (out of order, and late) and then be tried again: what has left the
 * stream before it was processed is lost.
 *
 * @throws MillraceError `RETENTION_TOO_SHORT` (configuration)
 */
export const checkRetention = (
  plan: Plan,
  streams: ReadonlyMap<string, IStream>,
  props: Pick<StreamPipelineProps, 'retention' | 'streamRetention' | 'outage'>,
): void => {
  const { outage = defaultOutage } = props;
  const latenessMs = latenessOf(plan);
  for (const { id, input } of plan.stages) {
    const retention = retentionOf(input.stream, streams.get(input.stream) as IStream, props);
    if (retention.isUnresolved() || outage.isUnresolved()) continue;
    const leastMs = latenessMs + outage.toMilliseconds();
    if (retention.toMilliseconds() >= leastMs) continue;
    throw new MillraceError(
      'configuration',
      'RETENTION_TOO_SHORT',
      `Stream '${input.stream}' of stage '${id}' keeps records for ${hours(retention.toMilliseconds())}; allowed are at least ` +
        `${hours(leastMs)}: a record may be ${hours(latenessMs)} late, and then wait for ${hours(outage.toMilliseconds())} to be tried again.`,
      {
        fix:
          `Set streamRetention: { '${input.stream}': Duration.hours(${Math.ceil(leastMs / HOUR_MS)}) }` +
          ', of an imported stream to what it really keeps; or lower outage.',
        fields: { stage: id, stream: input.stream, retentionMs: retention.toMilliseconds(), leastMs, latenessMs },
      },
    );
  }
};

/** Out of order by the bound of its source, and then late as the window that waits longest allows. */
const latenessOf = (plan: Plan): number => {
  const longest = (fact: string) =>
    Math.max(0, ...plan.stages.flatMap(({ operators }) => operators.map(({ detail }) => Number(detail[fact] ?? 0))));
  return longest('boundMs') + longest('allowedLatenessMs');
};

const HOUR_MS = 3_600_000;

const hours = (ms: number): string => `${Math.round((ms / HOUR_MS) * 100) / 100} hours`;
