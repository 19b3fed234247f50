import * as z from 'zod';

/** A logical name that is also a valid name for a Kinesis stream and a DynamoDB table. */
const resourceNamePattern = /^[a-zA-Z0-9_.-]{1,128}$/;

/** For options that name a stream or a table. */
export const resourceName = z
  .string({ error: 'expected a name' })
  .regex(resourceNamePattern, { error: 'expected 1 to 128 letters, digits, "_", "-" and "."' });
