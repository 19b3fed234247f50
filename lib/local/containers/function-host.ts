/**
 * Why an invocation failed:
 * - `Unhandled`: the handler threw, its result is not JSON, or its process ended by itself.
 * - `Timeout`: the function's timeout passed; its container is gone.
 * - `Killed`: somebody terminated the container in the middle of the invocation.
 * - `Init`: the container could not load the handler's module.
 * - `Throttled`: no container was free; the function did not run.
 * - `Stopped`: the host was stopped; the function did not run to its end.
 */
export type FailureType = 'Unhandled' | 'Timeout' | 'Killed' | 'Init' | 'Throttled' | 'Stopped';

export interface InvocationFailure {
  readonly type: FailureType;
  /** `Name: text` for an error that the handler threw. */
  readonly message: string;
  readonly stack?: string;
}

export type InvocationResult =
  | { readonly ok: true; readonly payload: unknown; readonly requestId?: string }
  | { readonly ok: false; readonly error: InvocationFailure; readonly requestId?: string };

/** Something that can be invoked as AWS Lambda invokes a function. It never rejects: a failure is a result. */
export interface FunctionHost {
  invoke(event: unknown): Promise<InvocationResult>;
  /** Ends everything it runs; invocations under way come back as `Stopped`. May be called more than once. */
  stop(): Promise<void>;
}
