import { MillraceError } from '../errors/millrace-error.ts';

/** What a stage expects of whoever invokes it. */
export interface ExpectedMapping {
  readonly stage: string;
  /** The physical name of its stream. */
  readonly stream: string;
}

interface SeenEvent {
  readonly Records?: readonly { readonly eventSourceARN?: unknown }[];
  /** Both are there only with a tumbling window. */
  readonly window?: unknown;
  readonly state?: unknown;
}

/**
 * Checks what an event tells of the mapping that has sent it: its stream, and a tumbling window. Its other settings are in no event, see
 * `docs/event-source-mapping.md`.
 *
 * @throws MillraceError `MAPPING_UNSAFE` (configuration)
 */
export const checkSeenMapping = (event: unknown, { stage, stream }: ExpectedMapping): void => {
  const { Records: records, window, state } = event as SeenEvent;
  if (window !== undefined || state !== undefined) {
    throw unsafe(
      stage,
      'has a tumbling window; allowed is none',
      'Remove it (TumblingWindowInSeconds 0) and use a window of the pipeline: with it Lambda keeps state that no commit covers.',
      { setting: 'TumblingWindowInSeconds', given: window },
    );
  }
  let seen: unknown;
  for (const { eventSourceARN } of records ?? []) {
    // Thousands of records name one stream.
    if (eventSourceARN === seen) continue;
    seen = eventSourceARN;
    const given = streamOf(eventSourceARN);
    if (given === undefined || given === stream) continue;
    throw unsafe(
      stage,
      `reads the stream '${given}'; allowed is '${stream}'`,
      'Delete the mapping, or deploy the pipeline with that stream: positions of one stream mean nothing in another.',
      { setting: 'EventSourceArn', given: eventSourceARN },
    );
  }
};

/** Of the ARN of a stream, or of its consumer. */
const streamOf = (arn: unknown): string | undefined =>
  typeof arn === 'string' ? /:stream\/([^/]+)/.exec(arn)?.[1] : undefined;

const unsafe = (stage: string, problem: string, fix: string, fields: Record<string, unknown>): MillraceError =>
  new MillraceError('configuration', 'MAPPING_UNSAFE', `A mapping of stage '${stage}' ${problem}.`, {
    fix,
    fields: { stage, ...fields },
  });
