import * as z from 'zod';
import { checkOptions, functionOption, invalidOption, schemaOption } from '../core/check-options.ts';
import { requireOption } from './require-option.ts';
import type { Sink } from './sink.ts';
import type { SinkGuarantee, SqsSinkSpec } from './specs.ts';
import { defaultMessageBytes } from './sqs/queue-port.ts';

/** Options of {@link sqsSink}. */
export interface SqsSinkOptions<S extends z.ZodType> {
  /** The queue's logical name; the deployment says which queue it is. A FIFO queue's ends with `.fifo`. */
  readonly queue: string;
  /** Writes each message's body as JSON; it must be able to encode. What it refuses is quarantined. */
  readonly schema: S;
  /** Whether it is a FIFO queue. Default: whether the name ends with `.fifo`. */
  readonly fifo?: boolean;
  /**
   * FIFO queues: rows of one group are delivered in their order; 1 to 128 letters, digits or punctuation. Each group has one
   * message on its way at a time, so many groups are faster than few. Default: the logical partition, so that rows of one key
   * keep their order; in a stage without keys the shard.
   */
  readonly groupId?: (value: z.output<S>) => string;
  /**
   * Bytes of a message, attributes included; a larger row is quarantined. The queue's `MaximumMessageSize` may not be less.
   * 1,024 … 1,048,576, default 262,144.
   */
  readonly maxMessageBytes?: number;
  /** Refuse the pipeline unless the sink holds this: here at most `at-least-once with ids`. */
  readonly require?: SinkGuarantee;
}

const optionsShape = z.strictObject({
  queue: z.string({ error: 'expected a name' }).regex(/^[a-zA-Z0-9_-]{1,75}(\.fifo)?$/, {
    error: 'expected 1 to 75 letters, digits, "_" and "-", then ".fifo" for a FIFO queue',
  }),
  schema: schemaOption,
  fifo: z.boolean({ error: 'expected true or false' }).optional(),
  groupId: functionOption.optional(),
  maxMessageBytes: z
    .int({ error: 'expected a whole number, 1,024 … 1,048,576' })
    .min(1_024)
    .max(1_048_576)
    .default(defaultMessageBytes),
  require: requireOption,
});

/**
 * Sends each row as a message with a JSON body, and with the output's id as attribute `millrace-id`. A FIFO queue drops what
 * is sent again within 5 minutes of the first time; a standard queue, and a FIFO queue after longer, may hold a row
 * twice, under one id.
 *
 * @throws `INVALID_OPTION` for options that are missing, wrong or unknown
 *
 * @example
 * alerts.sink('alerts', sqsSink({ queue: 'alerts.fifo', schema: Alert, groupId: (alert) => alert.device }))
 */
export const sqsSink = <S extends z.ZodType>(options: SqsSinkOptions<S>): Sink<z.output<S>> => {
  const checked = checkOptions('sqsSink', optionsShape, options);
  const { queue, schema, groupId, maxMessageBytes, require } = checked;
  const fifo = checked.fifo ?? queue.endsWith('.fifo');
  if (!fifo && queue.endsWith('.fifo')) {
    throw invalidOption(
      'sqsSink',
      `option 'fifo' is false; the queue '${queue}' is a FIFO queue by its name`,
      "Remove 'fifo'.",
      {
        queue,
      },
    );
  }
  if (!fifo && groupId !== undefined) {
    throw invalidOption(
      'sqsSink',
      `option 'groupId' is for FIFO queues; '${queue}' is a standard queue, which keeps no order`,
      "Remove 'groupId', or use a FIFO queue.",
      { queue },
    );
  }
  // The runtime calls it with values of the schema.
  return {
    spec: { kind: 'sqs', queue, schema, fifo, groupId: groupId as SqsSinkSpec['groupId'], maxMessageBytes, require },
  };
};
