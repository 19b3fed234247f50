import { MillraceError } from '../errors/millrace-error.ts';
import type { OutputRow } from './sink-port.ts';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * An appended row as its readers get it: the value's JSON, with the output's id as a last field where the value is an
 * object. Other values (a number, an array) have no place for it and travel without.
 * @throws MillraceError `INVALID_OPTION` (configuration) if the value has a field of the id's name
 */
export const encodeAppend = (sink: string, row: OutputRow, idField: string | undefined): Uint8Array => {
  const { value, outputId } = row;
  if (idField === undefined || !isObject(value)) return Buffer.from(JSON.stringify(value));
  if (idField in value) {
    throw new MillraceError('configuration', 'INVALID_OPTION', `a row of ${sink} has a field ${idField} of its own`, {
      fix: "Rename the field, or give the sink another name for the output id's field.",
      fields: { sink, idField },
    });
  }
  return Buffer.from(JSON.stringify({ ...value, [idField]: outputId }));
};
