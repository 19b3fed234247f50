import type { DynamoSinkSpec, KinesisSinkSpec, SinkSpec } from '../connectors/specs.ts';
import { definitionError } from '../errors/millrace-error.ts';
import { checkEncodes } from './check-encodes.ts';
import { keyFieldTypeOf } from './key-field-type.ts';
import type { Delivery } from './logical-graph.ts';
import { guaranteeOf } from './sink-guarantee.ts';

/**
 * What a sink must fulfil wherever it stands in the pipeline.
 *
 * @throws `SCHEMA_CANNOT_ENCODE`, `SINK_KEY_NOT_IN_SCHEMA`, `SINK_CANNOT_HOLD_GUARANTEE`, `INVALID_OPTION`
 */
export const checkSink = (id: string, spec: SinkSpec, delivery: Delivery): void => {
  checkEncodes(`operator '${id}'`, "the sink's schema", spec.schema);
  if (spec.kind === 'dynamo') for (const field of spec.key) checkKeyField(id, spec, field);
  checkRequired(id, spec, delivery);
  if (spec.kind === 'kinesis') checkIdField(id, spec);
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

const checkIdField = (id: string, spec: KinesisSinkSpec): void => {
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

const checkRequired = (id: string, spec: SinkSpec, delivery: Delivery): void => {
  const required = spec.require;
  const held = guaranteeOf(spec, delivery);
  if (required === undefined || held === 'exactly-once' || held === required) return;
  if (required === 'at-least-once with ids' && held === 'exactly-once within 5 minutes') return;
  const [reason, fix] = whyNot(spec, delivery);
  throw definitionError(
    'SINK_CANNOT_HOLD_GUARANTEE',
    `operator '${id}' requires '${required}' of its ${spec.kind} sink, but ${reason}.`,
    fix,
    { operator: id, required, held, delivery },
  );
};

const whyNot = (spec: SinkSpec, delivery: Delivery): readonly [reason: string, fix: string] => {
  if (delivery !== 'exactly-once') {
    return [
      `under delivery '${delivery}' it holds ${guaranteeOf(spec, delivery)}`,
      "Leave out 'delivery' for exactly-once, or 'require'.",
    ];
  }
  if (spec.kind === 'kinesis' && spec.idField === undefined) {
    return ['without an id field its records carry no ids', "Leave out 'idField' for the default, or name a field."];
  }
  return [
    whyNotExactly(spec),
    "Require 'at-least-once with ids' and drop repeats where it is read, or write to a dynamoSink.",
  ];
};

const whyNotExactly = ({ kind }: SinkSpec): string =>
  kind === 'sqs'
    ? 'a queue remembers what it has taken for 5 minutes at most: after that a message may be in it twice, under one id'
    : `a ${kind === 'http' ? 'webhook' : 'Kinesis stream'} holds at-least-once with ids: after a crash a record may be in it twice, under one id`;
