import { jsonBytes } from '../core/json-size.ts';
import type { RejectionCode } from '../errors/codes.ts';
import { maxRecordBytes } from './record-size.ts';
import { defaultStampNames, type Row } from './row-fence.ts';
import type { DynamoSinkSpec, KinesisSinkSpec } from './specs.ts';

/** Why a sink's store would refuse a row for ever. Found before the commit, it is the row's fault; after it, the shard's. */
export interface RowProblem {
  readonly code: RejectionCode;
  readonly path: string;
  readonly message: string;
}

/** DynamoDB's limits: an item, nesting, keys, and the magnitude of numbers. */
const MAX_ITEM_BYTES = 400 * 1024;
const MAX_DEPTH = 32;
const MAX_PARTITION_KEY_BYTES = 2_048;
const MAX_SORT_KEY_BYTES = 1_024;
const MIN_MAGNITUDE = 1e-130;
const MAX_MAGNITUDE = 9.99e125;
/** The version and the partition that are stored with a row. */
const STAMP_BYTES = 64;
/** An output id, with its field's name and JSON around it. */
const ID_BYTES = 512;

/**
 * @param row encoded by the sink's schema: plain JSON
 * @returns the row's bytes, about, or why the table would refuse it
 */
export const checkTableRow = (spec: DynamoSinkSpec, row: unknown): number | RowProblem => {
  if (!isObject(row)) return { code: 'SINK_SCHEMA', path: '', message: 'a row of a table is an object' };
  for (const name of [defaultStampNames.version, defaultStampNames.lp]) {
    if (name in row)
      return {
        code: 'SINK_SCHEMA',
        path: name,
        message: `'${name}' is where the row's version is kept; rename the field`,
      };
  }
  const [partition, sort] = spec.key;
  const key =
    keyProblem(row, partition, MAX_PARTITION_KEY_BYTES) ??
    (sort === undefined ? undefined : keyProblem(row, sort, MAX_SORT_KEY_BYTES));
  if (key !== undefined) return key;
  const measured = measure(row, 1);
  if (typeof measured !== 'number') return measured;
  if (measured + STAMP_BYTES <= MAX_ITEM_BYTES) return measured;
  return {
    code: 'TOO_LARGE',
    path: '',
    message: `a row of a table may have ${MAX_ITEM_BYTES} bytes; this one has ${measured}`,
  };
};

/**
 * @param row encoded by the sink's schema: plain JSON
 * @returns the record's bytes, about, or why the stream would refuse it
 */
export const checkStreamRow = (spec: KinesisSinkSpec, row: unknown, partitionKey: unknown): number | RowProblem => {
  if (typeof partitionKey !== 'string' || partitionKey.length < 1 || partitionKey.length > 256) {
    return {
      code: 'SINK_KEY',
      path: '',
      message: `partitionKey has to return 1 to 256 characters; it returned ${JSON.stringify(partitionKey)}`,
    };
  }
  if (spec.idField !== undefined && isObject(row) && spec.idField in row) {
    return {
      code: 'SINK_SCHEMA',
      path: spec.idField,
      message: `'${spec.idField}' is where the output id goes; rename the field or set idField`,
    };
  }
  const besideBytes = Buffer.byteLength(partitionKey) + ID_BYTES;
  const bytes = besideBytes + jsonBytes(row, maxRecordBytes - besideBytes);
  if (bytes <= maxRecordBytes) return bytes;
  return {
    code: 'TOO_LARGE',
    path: '',
    message: `a record may have ${maxRecordBytes} bytes; this one has about ${bytes}`,
  };
};

const isObject = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);

const keyProblem = (row: Row, field: string, maxBytes: number): RowProblem | undefined => {
  const value = row[field];
  if (typeof value === 'number') return undefined;
  if (typeof value !== 'string' || value === '') {
    return {
      code: 'SINK_KEY',
      path: field,
      message: `key field '${field}' has to be a non-empty string or a number; it is ${JSON.stringify(value)}`,
    };
  }
  const bytes = Buffer.byteLength(value);
  return bytes <= maxBytes
    ? undefined
    : { code: 'SINK_KEY', path: field, message: `key field '${field}' may have ${maxBytes} bytes; it has ${bytes}` };
};

/** Bytes as DynamoDB counts them, rounded up; or what it cannot store. */
const measure = (value: unknown, depth: number): number | RowProblem => {
  if (typeof value === 'string') return Buffer.byteLength(value) + 1;
  if (typeof value === 'number') return numberBytes(value);
  if (typeof value !== 'object' || value === null) return 1;
  if (depth > MAX_DEPTH)
    return { code: 'SINK_SCHEMA', path: '', message: `a row may be nested ${MAX_DEPTH} levels deep` };
  let bytes = 3;
  for (const [name, part] of Object.entries(value)) {
    const size = measure(part, depth + 1);
    if (typeof size !== 'number') return { ...size, path: size.path === '' ? name : `${name}.${size.path}` };
    bytes += size + 1 + (Array.isArray(value) ? 0 : Buffer.byteLength(name));
  }
  return bytes;
};

const numberBytes = (value: number): number | RowProblem => {
  const magnitude = Math.abs(value);
  if (magnitude === 0 || (magnitude >= MIN_MAGNITUDE && magnitude <= MAX_MAGNITUDE)) return 21;
  return {
    code: 'SINK_SCHEMA',
    path: '',
    message: `a table stores numbers from 1e-130 to 9.99e125; this one is ${value}`,
  };
};
