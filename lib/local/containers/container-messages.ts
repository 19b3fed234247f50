/** What the host and the Worker of a container say to each other. Events and results travel as JSON text, as on AWS. */

export interface ContainerSettings {
  readonly entryUrl: string;
  readonly exportName: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryLimitInMB: number;
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
  | { readonly kind: 'threw'; readonly requestId: string; readonly message: string; readonly stack?: string };
