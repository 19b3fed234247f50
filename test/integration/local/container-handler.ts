/** A handler for the container tests: the event says what to do. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';

interface Command {
  readonly do?: string;
  readonly file?: string;
  readonly Records?: readonly { readonly kinesis: { readonly data: string } }[];
}

interface Context {
  readonly awsRequestId: string;
  readonly getRemainingTimeInMillis: () => number;
}

let invocationCount = 0;
console.log(`cold start of ${process.env.NAME}`);

export const handler = async (command: Command, context: Context): Promise<unknown> => {
  const invocation = ++invocationCount;
  switch (command.do) {
    case 'throw':
      throw new RangeError('out of reach');
    case 'exit':
      process.exit(3);
      break;
    case 'crash':
      setImmediate(() => {
        throw new Error('outside of the handler');
      });
      return sleep(60_000);
    case 'hang':
      console.log('halfway');
      return sleep(60_000);
    case 'spin':
      for (;;);
    case 'slow':
      await sleep(50);
      break;
    case 'count':
      for (let i = 1; i <= 100; i++) {
        console.log(`line ${i}`);
        appendFileSync(command.file ?? '', `${i} `);
      }
      break;
    case 'nothing':
      return undefined;
    case 'environment':
      return { ...process.env };
    case 'context':
      return { ...context, remainingMs: context.getRemainingTimeInMillis(), requestId: context.awsRequestId };
    case 'not JSON':
      return 1n;
    case 'write':
      console.error(`to stderr ${context.awsRequestId}`);
      console.log('two\nlines');
      break;
    default:
  }
  return { threadId, invocation, records: command.Records?.length };
};

export const other = (): string => 'the other export';
