import type { FunctionHost, InvocationFailure, InvocationResult } from './function-host.ts';

/**
 * A plain function as a {@link FunctionHost}: no container, no timeout, no isolation. For tests of what invokes it.
 *
 * @example
 * const host = createInlineFunction<LambdaKinesisEvent>(async (event) => { seen.push(...event.Records); });
 */
export const createInlineFunction = <Event = unknown>(handler: (event: Event) => unknown): FunctionHost => {
  let stopped = false;
  let invocationCount = 0;
  return {
    async invoke(event): Promise<InvocationResult> {
      const requestId = `inline-${++invocationCount}`;
      if (stopped) return { ok: false, error: { type: 'Stopped', message: 'the function was stopped' }, requestId };
      try {
        return { ok: true, payload: await handler(event as Event), requestId };
      } catch (thrown) {
        return { ok: false, error: failureOf(thrown), requestId };
      }
    },
    async stop() {
      stopped = true;
    },
  };
};

const failureOf = (thrown: unknown): InvocationFailure => {
  if (!(thrown instanceof Error)) return { type: 'Unhandled', message: String(thrown) };
  const message = `${thrown.name}: ${thrown.message}`;
  return thrown.stack === undefined
    ? { type: 'Unhandled', message }
    : { type: 'Unhandled', message, stack: thrown.stack };
};
