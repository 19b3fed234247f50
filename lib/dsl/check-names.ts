import { describeValue } from '../core/describe-value.ts';
import { definitionError } from '../errors/millrace-error.ts';

/** They become parts of names of streams, functions and state keys. */
const namePattern = /^[a-z0-9][a-z0-9-]{0,62}$/i;

const rule = '1 to 63 letters, digits and hyphens, beginning with a letter or a digit';

/** @throws `INVALID_PIPELINE_NAME` */
export const checkPipelineName = (name: unknown): void => {
  if (typeof name === 'string' && namePattern.test(name)) return;
  throw definitionError(
    'INVALID_PIPELINE_NAME',
    `The pipeline's name is ${describeValue(name)}; allowed are ${rule}.`,
    "Rename it, for example 'revenue-per-minute'.",
    { value: name, allowed: namePattern.source },
  );
};

/** @throws `INVALID_OPERATOR_ID` */
export const checkOperatorId = (pipeline: string, id: unknown): void => {
  if (typeof id === 'string' && namePattern.test(id)) return;
  throw definitionError(
    'INVALID_OPERATOR_ID',
    `operator ${describeValue(id)} of pipeline '${pipeline}': allowed as an id are ${rule}.`,
    "Give the operator an id as its first argument, for example 'by-province'.",
    { operator: id, pipeline, allowed: namePattern.source },
  );
};
