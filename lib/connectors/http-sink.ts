import * as z from 'zod';
import { checkDuration } from '../core/check-duration.ts';
import { checkOptions, functionOption, invalidOption, schemaOption } from '../core/check-options.ts';
import { type Millis, seconds } from '../core/duration.ts';
import type { DeferredValue } from './http/header-values.ts';
import { requireOption } from './require-option.ts';
import type { Sink } from './sink.ts';
import type { HttpSinkSpec, SinkGuarantee } from './specs.ts';

/** Options of {@link httpSink}. */
export interface HttpSinkOptions<S extends z.ZodType> {
  /**
   * Where to post to: `http` or `https`, or `{ env: 'NAME' }` for a variable of the function's environment. Where the address
   * itself is a secret, as that of many webhooks is, only the second keeps it out of the bundle. The plan names the host.
   */
  readonly url: string | DeferredValue;
  /** Writes each row as the body of a request, as JSON; it must be able to encode. What it refuses is quarantined. */
  readonly schema: S;
  /**
   * Headers by name. Secrets belong into the environment, `{ env: 'NAME' }`, or come from a function that is called for each
   * request, on the machine that sends it. The plan has names only, and no log or error has a value.
   */
  readonly headers?: Readonly<Record<string, string | DeferredValue>>;
  /** For one request. 100 ms … 1 minute, default 5 seconds. */
  readonly timeout?: Millis;
  /** Requests at once. 1 … 64, default 8. With 1, rows of one commit are posted in their order. */
  readonly concurrency?: number;
  /** Bytes of a body; a larger row is quarantined. 1 … 6,291,456, default 1,048,576. */
  readonly maxBodyBytes?: number;
  /** Refuse the pipeline unless the sink holds this: here at most `at-least-once with ids`. */
  readonly require?: SinkGuarantee;
}

const deferred = z.union([z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/) }), functionOption]);
const MIN_TIMEOUT_MS = 100;
const MAX_TIMEOUT_MS = 60_000;

const optionsShape = z.strictObject({
  url: z.union([z.string(), deferred], { error: "expected an address, { env: 'NAME' } or a function" }),
  schema: schemaOption,
  headers: z
    .record(z.string(), z.union([z.string(), deferred], { error: "expected a text, { env: 'NAME' } or a function" }))
    .default({}),
  timeout: z.unknown().optional(),
  concurrency: z.int({ error: 'expected a whole number, 1 … 64' }).min(1).max(64).default(8),
  maxBodyBytes: z
    .int({ error: 'expected a whole number, 1 … 6,291,456' })
    .min(1)
    .max(6 * 1024 * 1024)
    .default(1024 * 1024),
  require: requireOption,
});

/** Headers that carry secrets wherever they are used. */
const secretHeader = /^(authorization|proxy-authorization|cookie)$|(key|token|secret|signature|password)$/;

/** What the sink sets itself. */
const ownHeaders = ['content-type', 'content-length', 'idempotency-key', 'host'];

/**
 * Posts each row to a webhook as JSON, with the output's id in `Idempotency-Key`. After a crash a row may be posted again, with
 * the same key and the same body. 408, 409, 425, 429, 5xx and silence are tried again, `Retry-After` is kept; any other answer but
 * 2xx blocks the shard with `SINK_REFUSED`.
 *
 * @throws `INVALID_OPTION` for options that are missing, wrong or unknown; `INVALID_DURATION`
 *
 * @example
 * alerts.sink('pager', httpSink({ url: 'https://pager.example/events', schema: Alert,
 *     headers: { authorization: { env: 'PAGER_TOKEN' } }, timeout: seconds(3) }))
 */
export const httpSink = <S extends z.ZodType>(options: HttpSinkOptions<S>): Sink<z.output<S>> => {
  const { url, schema, headers, timeout, concurrency, maxBodyBytes, require } = checkOptions(
    'httpSink',
    optionsShape,
    options,
  );
  if (typeof url === 'string') checkUrl(url);
  const spec: HttpSinkSpec = {
    kind: 'http',
    // What zod calls a function is one that returns a value of it: checked when it is called.
    url: url as HttpSinkSpec['url'],
    schema,
    headers: checkHeaders(headers as HttpSinkSpec['headers']),
    timeoutMs: checkTimeout(timeout),
    concurrency,
    maxBodyBytes,
    require,
  };
  return { spec };
};

/** The address is not repeated in the message: it may hold a secret. */
const checkUrl = (text: string): void => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const problem =
    url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')
      ? 'is no address; allowed is one that begins with https:// or http://'
      : url.username !== '' || url.password !== ''
        ? 'has a user or a password in it'
        : undefined;
  if (problem === undefined) return;
  throw invalidOption(
    'httpSink',
    `option 'url' ${problem}`,
    "Correct it; put secrets into a header with { env: 'NAME' }.",
    {
      option: 'url',
    },
  );
};

const checkHeaders = (headers: HttpSinkSpec['headers']): HttpSinkSpec['headers'] => {
  const checked: Record<string, string | DeferredValue> = {};
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    const refuse = (problem: string, fix: string) =>
      invalidOption('httpSink', `header '${name}' ${problem}`, fix, { header: name });
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(lower)) throw refuse('has characters that no header name has', 'Rename it.');
    if (ownHeaders.includes(lower)) throw refuse('is set by the sink itself', 'Remove it.');
    if (lower in checked) throw refuse('is there twice', 'Name it once.');
    if (typeof value === 'string' && secretHeader.test(lower)) {
      throw refuse('would have its secret in the code', "Give { env: 'NAME' }, or a function that returns it.");
    }
    if (typeof value === 'string' && /[^\t\x20-\x7e]/.test(value))
      throw refuse('has a value that no header can have', 'Use ASCII.');
    checked[lower] = value;
  }
  return checked;
};

const checkTimeout = (timeout: unknown): number => {
  if (timeout === undefined) return seconds(5);
  const timeoutMs = checkDuration('httpSink', 'timeout', timeout);
  if (timeoutMs >= MIN_TIMEOUT_MS && timeoutMs <= MAX_TIMEOUT_MS) return timeoutMs;
  throw invalidOption(
    'httpSink',
    `option 'timeout' is ${timeoutMs} ms; allowed are ${MIN_TIMEOUT_MS} … ${MAX_TIMEOUT_MS} ms`,
    'Choose one that leaves an invocation time for several tries.',
    { option: 'timeout', value: timeoutMs },
  );
};
