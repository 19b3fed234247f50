import { jsonBytes } from '../core/json-size.ts';
import type { RowProblem } from './row-problem.ts';
import { partBounds } from './s3/object-parts.ts';
import type { HttpSinkSpec, SqsSinkSpec } from './specs.ts';
import { encodeMessage } from './sqs/encode-message.ts';
import { messageBytes } from './sqs/queue-port.ts';

/** Stands for an output id, whose length is not known before the commit: no unit's name is longer. */
const longestId = 'x'.repeat(512);

/** What SQS allows in the id of a group. */
const groupPattern = /^[\x21-\x7e]{1,128}$/;

/**
 * @param row encoded by the sink's schema: plain JSON
 * @returns the message's bytes, about, or why the queue would refuse it
 */
export const checkQueueRow = (spec: SqsSinkSpec, row: unknown, groupId: unknown): number | RowProblem => {
  if (spec.groupId !== undefined && !(typeof groupId === 'string' && groupPattern.test(groupId))) {
    return {
      code: 'SINK_KEY',
      path: '',
      message: `groupId has to return 1 to 128 letters, digits or punctuation; it returned ${JSON.stringify(groupId)}`,
    };
  }
  return atMost('a message', messageBytes({ body: encodeMessage(row), outputId: longestId }), spec.maxMessageBytes);
};

/** @returns the line's bytes, about, or why no object would take it */
export const checkObjectRow = (row: unknown): number | RowProblem =>
  atMost('a line of an object', jsonBytes(row, partBounds.bytes - 1) + 1, partBounds.bytes);

/** @returns the body's bytes, about, or that the sink was told not to send it */
export const checkWebhookRow = (spec: HttpSinkSpec, row: unknown): number | RowProblem =>
  atMost('the body of a request', jsonBytes(row, spec.maxBodyBytes), spec.maxBodyBytes);

const atMost = (what: string, bytes: number, allowedBytes: number): number | RowProblem =>
  bytes <= allowedBytes
    ? bytes
    : { code: 'TOO_LARGE', path: '', message: `${what} may have ${allowedBytes} bytes; this one has about ${bytes}` };
