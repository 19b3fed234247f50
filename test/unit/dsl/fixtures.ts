import {
  boundedOutOfOrderness,
  type DynamoSinkOptions,
  dynamoSink,
  type ErrorCode,
  type IdleShards,
  kinesisSink,
  kinesisSource,
  MillraceError,
  seconds,
} from 'millrace';
import * as z from 'zod';

export const Order = z.object({ id: z.string(), province: z.string(), amountCents: z.int(), at: z.int() });

export const Row = z.object({ province: z.string(), minute: z.int(), amountCents: z.int() });

export const orders = (idle?: IdleShards, stream = 'orders') =>
  kinesisSource({
    stream,
    schema: Order,
    eventTimeMs: (order) => order.at,
    watermarks: boundedOutOfOrderness(seconds(5), idle && { idle }),
  });

export const orderStream = (stream = 'copies') =>
  kinesisSink({ stream, schema: Order, partitionKey: (order) => order.province });

export const rowTable = (options: Partial<DynamoSinkOptions<typeof Row>> = {}) =>
  dynamoSink({ table: 'revenue', schema: Row, key: ['province', 'minute'], ...options });

/** The error that a call throws; fails the test where it throws none, or another. */
export const errorOf = (call: () => unknown): MillraceError => {
  try {
    call();
  } catch (error) {
    if (error instanceof MillraceError) return error;
    throw error;
  }
  throw new Error('The call threw nothing.');
};

export const codeOf = (call: () => unknown): ErrorCode => errorOf(call).code;
