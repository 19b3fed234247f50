/** What the host and the Worker of a container say to each other. Events and results travel as JSON text, as on AWS. */

export interface ContainerSettings {
  readonly entryUrl: string;
  readonly exportName: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryLimitInMB: number;
  readonly hold: LineHold;
}

/**
 * Memory that host and Worker share, so that a kill can hit a container at the very line that calls for it: while kills are
 * armed, a container stands still at each line it writes until the host has looked at it.
 */
export interface LineHold {
  /** One number: how many kills are armed. */
  readonly armed: Int32Array;
  /** One number: it changes when the host has looked at the line. */
  readonly looked: Int32Array;
}

export interface InvokeMessage {
  readonly requestId: string;
  readonly eventJson: string;
  /** Epoch milliseconds. */
  readonly deadlineMs: number;
}

export type ContainerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'init-failed'; readonly message: string; readonly stack?: string }
  /** `payloadJson` is absent when the handler returned nothing. */
  | { readonly kind: 'returned'; readonly requestId: string; readonly payloadJson?: string }
  /** Sent while kills are armed: what an invocation has just written. */
  | { readonly kind: 'wrote'; readonly requestId: string; readonly text: string }
  | { readonly kind: 'threw'; readonly requestId: string; readonly message: string; readonly stack?: string };
