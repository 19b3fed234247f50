import { MillraceError } from '../../errors/millrace-error.ts';
import type { HttpSinkSpec } from '../specs.ts';
import { type Environment, resolveValue } from './header-values.ts';
import type { WebhookAnswer, WebhookPort, WebhookRequest } from './http-port.ts';

/** What node's fetch hides behind `fetch failed`. */
const reasonOf = (error: unknown): string => {
  const { name, code, cause } = error as { name?: string; code?: string; cause?: { code?: string } };
  return cause?.code ?? (typeof code === 'string' ? code : (name ?? 'error'));
};

/**
 * Posts JSON over the global `fetch`. Redirects are not followed: they would carry headers to where nobody meant them to
 * go. Addresses and header values never stand in an error.
 */
export class FetchEndpoint implements WebhookPort {
  readonly #sink: string;
  readonly #spec: Pick<HttpSinkSpec, 'url' | 'headers'>;
  readonly #environment: Environment;

  constructor(sink: string, spec: Pick<HttpSinkSpec, 'url' | 'headers'>, environment: Environment) {
    this.#sink = sink;
    this.#spec = spec;
    this.#environment = environment;
  }

  async post({ body, outputId, timeoutMs }: WebhookRequest): Promise<WebhookAnswer> {
    const url = await resolveValue(`the url of sink '${this.#sink}'`, this.#spec.url, this.#environment);
    const headers = await this.#headers();
    try {
      const answer = await fetch(url, {
        method: 'POST',
        redirect: 'manual',
        headers: { ...headers, 'content-type': 'application/json', 'idempotency-key': outputId },
        body,
        signal: AbortSignal.timeout(timeoutMs),
      });
      // Read to its end, or the connection cannot be used again.
      await answer.body?.cancel();
      return { status: answer.status, retryAfter: answer.headers.get('retry-after') ?? undefined };
    } catch (error) {
      throw new MillraceError(
        'retryable',
        'SINK_UNAVAILABLE',
        `sink '${this.#sink}' did not answer: ${reasonOf(error)}`,
        {
          fields: { sink: this.#sink, reason: reasonOf(error) },
        },
      );
    }
  }

  async #headers(): Promise<Record<string, string>> {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(this.#spec.headers)) {
      headers[name] = await resolveValue(`header '${name}' of sink '${this.#sink}'`, value, this.#environment);
    }
    return headers;
  }
}
