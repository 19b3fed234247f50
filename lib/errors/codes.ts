/**
 * Every error code, in one place. `docs/errors.md` has an entry for each; a test holds the two together.
 * Add a code here first, then throw it.
 */
export const errorCodes = [
  // definition
  'DUPLICATE_OPERATOR_ID',
  'INVALID_OPERATOR_ID',
  'INVALID_PIPELINE_NAME',
  'INVALID_DURATION',
  'INVALID_WINDOW',
  'INVALID_OPTION',
  'SCHEMA_CANNOT_ENCODE',
  'PIPELINE_WITHOUT_SINK',
  'WINDOW_WITHOUT_AGGREGATE',
  'KEY_WITHOUT_WINDOW',
  'STREAM_OF_ANOTHER_PIPELINE',
  'SINK_CANNOT_HOLD_GUARANTEE',
  'SINK_KEY_NOT_IN_SCHEMA',
  'UNKNOWN_OPERATOR',
  // input
  'FILE_NOT_FOUND',
  'FILE_NOT_JSONL',
  'OUTPUT_NOT_WRITABLE',
  'NOT_A_PIPELINE',
  'UNKNOWN_SOURCE',
  'MISSING_INPUT',
  'INVALID_ARGUMENT',
  'NOTHING_TO_SKIP',
  'NOT_SKIPPABLE',
  // configuration
  'STREAM_NOT_FOUND',
  'TABLE_NOT_FOUND',
  'QUEUE_NOT_FOUND',
  'BUCKET_NOT_FOUND',
  'TABLE_SHAPE',
  'ACCESS_DENIED',
  'ENDPOINT_REQUIRED',
  'PORT_IN_USE',
  'ENGINE_FAILED',
  'TOOL_MISSING',
  'INSTALL_FAILED',
  'DEPLOYMENT_INVALID',
  'PARALLELIZATION_FACTOR',
  'MAPPING_UNSAFE',
  'TABLE_OF_ANOTHER_JOB',
  'STATE_FORMAT_NEWER',
  'PLAN_MISMATCH',
  'CONCURRENT_INVOCATION',
  'BUNDLE_FAILED',
  // retryable
  'OUTCOME_UNKNOWN',
  'STORE_UNAVAILABLE',
  'STREAM_UNAVAILABLE',
  'SINK_UNAVAILABLE',
  'DEADLINE',
  'NOT_DRAINED',
  'LOST_RACE',
  'USER_RETRYABLE',
  // operator
  'GAP',
  'LINEAGE_LOST',
  'TOO_MANY_REJECTED',
  'HOLD_LIMIT',
  'PARKED_LIMIT',
  'SINK_ROW_OF_ANOTHER_PARTITION',
  'SINK_REFUSED',
  'SINK_OBJECT_CONFLICT',
  'ITEM_TOO_LARGE',
  'RECORD_TOO_LARGE',
  'UPGRADE_REFUSED',
  'UPCAST_FAILED',
  // corrupt
  'CORRUPT_LOG',
  'CORRUPT_BLOB',
  'CORRUPT_PACKET',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** Why a record, a pane or a timer went to quarantine. */
export const rejectionCodes = [
  'NOT_JSON',
  'SCHEMA',
  'USER_CODE',
  'TERMINAL',
  'NOT_PLAIN_JSON',
  'EVENT_TIME',
  'SINK_SCHEMA',
  'SINK_KEY',
  'KEY',
  'CRASH',
  'AGGREGATED_RECORD',
  'TOO_LARGE',
  'STATE_TOO_LARGE',
  'SKIPPED',
  'PANE_CLOSED',
] as const;

export type RejectionCode = (typeof rejectionCodes)[number];
