import { describeValue } from '../core/describe-value.ts';
import { plainJsonProblem } from '../core/plain-json.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import type { SourceNode } from '../graph/logical-graph.ts';
import { decodeBySchema } from '../operators/crossing.ts';
import { RejectionError } from '../operators/rejection-error.ts';

/**
 * The JSON text of a record as a producer would send it.
 * @throws MillraceError `INVALID_ARGUMENT` where it is not JSON, or the source's schema would refuse it
 */
export const encodeSendable = (source: SourceNode, value: unknown): string => {
  const problem = plainJsonProblem(value);
  if (problem !== undefined) {
    throw refused(source, problem.path, `${problem.found} is not JSON`, value, 'Send what producers send: plain JSON.');
  }
  const text = JSON.stringify(value);
  try {
    decodeBySchema(source.id, source.spec.schema, JSON.parse(text));
  } catch (error) {
    if (!(error instanceof RejectionError)) throw error;
    const fix = 'Correct the record. To see a bad record being quarantined, send it with sendRaw.';
    throw refused(source, error.path, error.message, value, fix);
  }
  return text;
};

const refused = (source: SourceNode, path: string, why: string, value: unknown, fix: string): MillraceError =>
  new MillraceError(
    'input',
    'INVALID_ARGUMENT',
    `Source '${source.id}' would not accept this record${path === '' ? '' : `, at ${path}`}: ${why}. Given: ${describeValue(value)}.`,
    { fix, fields: { source: source.id, path } },
  );
