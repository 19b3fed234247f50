import type { DynamoSinkSpec, KinesisSinkSpec, SinkSpec } from '../connectors/specs.ts';
import { definitionError } from '../errors/millrace-error.ts';
import { checkEncodes } from './check-encodes.ts';
import { keyFieldTypeOf } from './key-field-type.ts';

/**
 * What a sink must fulfil wherever it stands in the pipeline.
 *
 * @throws `SCHEMA_CANNOT_ENCODE`, `SINK_KEY_NOT_IN_SCHEMA`, `SINK_CANNOT_HOLD_GUARANTEE`, `INVALID_OPTION`
 */
export const checkSink = (id: string, spec: SinkSpec): void => {
  checkEncodes(`operator '${id}'`, "the sink's schema", spec.schema);
  if (spec.kind === 'dynamo') for (const field of spec.key) checkKeyField(id, spec, field);
  else checkKinesisSink(id, spec);
};

const checkKeyField = (id: string, spec: DynamoSinkSpec, field: string): void => {
  const type = keyFieldTypeOf(spec.schema, field);
  if (type.is !== 'absent' && type.is !== 'other') return;
  const problem =
    type.is === 'absent' ? `the schema has no field '${field}'` : `the field '${field}' is stored as ${type.found}`;
  throw definitionError(
    'SINK_KEY_NOT_IN_SCHEMA',
    `operator '${id}': the key of table '${spec.table}' is ${spec.key.join(', ')}, but ${problem}. Allowed are fields of the schema that are always a string or always a number.`,
    'Name fields of the schema, or give the field such a type.',
    { operator: id, table: spec.table, field, found: type.is === 'absent' ? 'absent' : type.found },
  );
};

const checkKinesisSink = (id: string, spec: KinesisSinkSpec): void => {
  if (spec.require === 'exactly-once') {
    throw cannotHold(
      id,
      spec,
      'a Kinesis stream holds at-least-once with ids: after a crash a record may be in it twice, under one id',
      "Require 'at-least-once with ids' and drop repeats where the stream is read, or write to a dynamoSink.",
    );
  }
  if (spec.require !== undefined && spec.idField === undefined) {
    throw cannotHold(
      id,
      spec,
      'without an id field its records carry no ids',
      "Leave out 'idField' for the default, or name a field.",
    );
  }
  if (spec.idField === undefined) return;
  const idType = keyFieldTypeOf(spec.schema, spec.idField);
  if (idType.is === 'absent' || idType.is === 'unknown') return;
  throw definitionError(
    'INVALID_OPTION',
    `operator '${id}': the records' own field '${spec.idField}' would be overwritten by the output's id.`,
    "Name another field in 'idField', or give idField: undefined to leave the id out.",
    { operator: id, idField: spec.idField },
  );
};

const cannotHold = (id: string, spec: KinesisSinkSpec, reason: string, fix: string) =>
  definitionError(
    'SINK_CANNOT_HOLD_GUARANTEE',
    `operator '${id}' requires '${spec.require}' of the stream '${spec.stream}', but ${reason}.`,
    fix,
    { operator: id, stream: spec.stream, required: spec.require },
  );
