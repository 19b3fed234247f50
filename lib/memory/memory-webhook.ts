import type { WebhookAnswer, WebhookPort, WebhookRequest } from '../connectors/http/http-port.ts';

/**
 * A receiver of webhooks in memory that takes every request, repeats too.
 *
 * @example
 * const webhook = new MemoryWebhook();
 * await webhook.post({ body: '{}', outputId: 'a', timeoutMs: 1_000 });
 * webhook.requests();
 */
export class MemoryWebhook implements WebhookPort {
  readonly #requests: WebhookRequest[] = [];

  async post(request: WebhookRequest): Promise<WebhookAnswer> {
    this.#requests.push(request);
    return { status: 200 };
  }

  /** In the order in which they came. */
  requests(): readonly WebhookRequest[] {
    return this.#requests;
  }
}
