/** One request to a webhook, and its answer: `lib/connectors/http/fetch-endpoint.ts` sends it, `lib/memory` receives it. */

export interface WebhookRequest {
  readonly body: string;
  /** Travels as `Idempotency-Key`. */
  readonly outputId: string;
  readonly timeoutMs: number;
}

export interface WebhookAnswer {
  readonly status: number;
  /** The header as it came. */
  readonly retryAfter?: string | undefined;
}

export interface WebhookPort {
  /**
   * @throws MillraceError `SINK_UNAVAILABLE` (retryable) where there was no answer; `DEPLOYMENT_INVALID` (configuration)
   * where a header has no value. Messages never have the address or a header.
   */
  post(request: WebhookRequest): Promise<WebhookAnswer>;
}
