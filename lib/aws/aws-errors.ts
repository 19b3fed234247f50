import type { ErrorCode } from '../errors/codes.ts';
import { MillraceError } from '../errors/millrace-error.ts';

export interface CallContext {
  readonly resource: 'table' | 'stream' | 'queue' | 'bucket';
  readonly name: string;
  /** A failed read changed nothing. A failed write may have. */
  readonly effect: 'read' | 'write';
  /** Of a bucket: whether it is part of a job's state, and not of a sink. */
  readonly holdsState?: boolean;
}

const accessErrors = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'KMSAccessDeniedException',
  'KmsAccessDenied',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'NotAuthorized',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

/** Nothing was sent: there is nothing to sign it with. */
const credentialErrors = new Set(['CredentialsProviderError', 'TokenProviderError']);

const throttles = new Set([
  'KMSThrottlingException',
  'KmsThrottled',
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
]);

/** The region of a bucket is part of its name. */
const absences = new Set(['NoSuchBucket', 'PermanentRedirect', 'QueueDoesNotExist', 'ResourceNotFoundException']);

/** What can be seen of any error that comes out of an SDK call. */
interface SdkError {
  readonly name?: string;
  readonly message?: string;
  /** Of an error of Node, and the host that it did not find. */
  readonly code?: string;
  readonly hostname?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
}

export const errorName = (error: unknown): string => (error as SdkError | undefined)?.name ?? '';

/**
 * The `MillraceError` for what an SDK call threw.
 *
 * The SDK tries again by itself, so a rejection speaks of its last try only: after a try that timed out, even a
 * throttled second one leaves the outcome of the write unknown.
 */
export const toMillraceError = (error: unknown, context: CallContext): unknown => {
  // Our own errors, and mistakes in our own code, which happen before anything is sent.
  if (error instanceof MillraceError || error instanceof TypeError || error instanceof RangeError) return error;
  const { name = '', message = '', $metadata } = error as SdkError;
  if (absences.has(name)) return notFound(error, message, context);
  if (accessErrors.has(name)) return accessDenied(error, name, message, context);
  if (credentialErrors.has(name)) return withoutCredentials(error, message, context);
  if (/region is missing|region not accepted/i.test(message)) return invalidRegion(error, message, context);
  if (name === 'ValidationException' || name === 'InvalidArgumentException') return invalid(error, message, context);
  const throttled = throttles.has(name);
  const rejected = throttled && ($metadata?.attempts ?? 1) <= 1;
  return unavailable(error, noAnswer(error as SdkError), context, rejected);
};

const notFound = (cause: unknown, message: string, { resource, name }: CallContext): MillraceError => {
  const shardId = /shardId-\d+/.exec(message)?.[0];
  if (resource === 'stream' && shardId !== undefined) {
    return new MillraceError('operator', 'LINEAGE_LOST', `stream ${name} has no shard ${shardId}`, {
      fix: 'List the shards again: a closed shard leaves the list when its retention is over.',
      fields: { stream: name, shardId },
      cause,
    });
  }
  return new MillraceError(
    'configuration',
    notFoundCodes[resource],
    `there is no ${resource} ${name} in this account and region`,
    {
      fix: `Deploy the pipeline first, or correct the ${resource}'s name, the region (AWS_REGION) or the endpoint (AWS_ENDPOINT_URL).`,
      fields: { [resource]: name },
      cause,
    },
  );
};

const notFoundCodes = {
  table: 'TABLE_NOT_FOUND',
  stream: 'STREAM_NOT_FOUND',
  queue: 'QUEUE_NOT_FOUND',
  bucket: 'BUCKET_NOT_FOUND',
} as const;

const unavailableCodes = {
  table: 'STORE_UNAVAILABLE',
  stream: 'STREAM_UNAVAILABLE',
  queue: 'SINK_UNAVAILABLE',
  bucket: 'SINK_UNAVAILABLE',
} as const;

const accessDenied = (cause: unknown, name: string, message: string, context: CallContext): MillraceError => {
  const what = `${context.effect === 'read' ? 'read' : 'write'} ${context.resource} ${context.name}`;
  return new MillraceError('configuration', 'ACCESS_DENIED', `may not ${what}: ${name}: ${message}`, {
    fix: 'Check the credentials (AWS_ACCESS_KEY_ID or AWS_PROFILE, not expired) and that their policy allows this.',
    fields: { [context.resource]: context.name, reason: name },
    cause,
  });
};

const withoutCredentials = (cause: unknown, message: string, { resource, name, effect }: CallContext): MillraceError =>
  new MillraceError(
    'configuration',
    'CREDENTIALS_MISSING',
    `there are no credentials to ${effect} ${resource} ${name} with: ${message}`,
    {
      fix: 'Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; aws sso login renews a session.',
      fields: { [resource]: name },
      cause,
    },
  );

const invalidRegion = (cause: unknown, message: string, { resource, name }: CallContext): MillraceError => {
  const given = /region="(.*?)"/.exec(message)?.[1] ?? '';
  const problem = given === '' ? 'no region is set' : `the region '${given}' is none`;
  return new MillraceError('configuration', 'REGION_INVALID', `${problem}, to look for ${resource} ${name} in`, {
    fix: 'Set AWS_REGION to a region such as eu-central-1.',
    fields: { [resource]: name, region: given },
    cause,
  });
};

const invalid = (cause: unknown, message: string, { resource, name }: CallContext): MillraceError => {
  const details = (fix: string) => ({ fix, fields: { [resource]: name }, cause });
  if (resource === 'stream') {
    const fix = 'Compare the request with the limits of Kinesis; this is likely a bug.';
    return new MillraceError('input', 'INVALID_ARGUMENT', `stream ${name} refused: ${message}`, details(fix));
  }
  if (/item size/i.test(message)) {
    const fix = 'Store large payloads as several items, or shorten the row: an item holds at most 400 KB.';
    return new MillraceError('operator', 'ITEM_TOO_LARGE', `table ${name} refused: ${message}`, details(fix));
  }
  const fix = 'Compare the key names and types of the table with those that the pipeline declares.';
  return new MillraceError('configuration', 'TABLE_SHAPE', `table ${name} refused: ${message}`, details(fix));
};

interface NoAnswer {
  readonly what: string;
  readonly fix: string;
}

const hostErrors = new Set(['ENOTFOUND', 'EAI_AGAIN']);

/** A host that is not found is most likely one of a region that is none, or that lacks the service. It may also be the network. */
const noAnswer = ({ name = '', message = '', code = '', hostname }: SdkError): NoAnswer =>
  hostErrors.has(code)
    ? {
        what: `there is no host ${hostname ?? ''} (${code})`,
        fix: 'Correct the region (AWS_REGION), which may not exist or not have this service, or the endpoint (AWS_ENDPOINT_URL); or mend the network.',
      }
    : {
        what: `${name}: ${message}`,
        fix: 'A batch is tried again by itself. If it goes on, look at the endpoint (AWS_ENDPOINT_URL), the network, and throttling.',
      };

const unavailable = (
  cause: unknown,
  { what, fix }: NoAnswer,
  context: CallContext,
  rejected: boolean,
): MillraceError => {
  const { resource, name, effect, holdsState = false } = context;
  const unknown = (resource === 'table' || holdsState) && effect === 'write' && !rejected;
  const code: ErrorCode = unknown ? 'OUTCOME_UNKNOWN' : holdsState ? 'STORE_UNAVAILABLE' : unavailableCodes[resource];
  const doing = unknown
    ? `a write to ${resource} ${name} may or may not have happened`
    : `${resource} ${name} did not answer`;
  return new MillraceError('retryable', code, `${doing}: ${what}`, { fix, fields: { [resource]: name }, cause });
};
