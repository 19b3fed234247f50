/** Found by its mark and not by its class: a bundle may hold a second copy of this library. */
const mark = Symbol.for('millrace.user-error');

type Verdict = 'retryable' | 'terminal';

/**
 * Thrown by a pipeline's function for a fault that is not the record's: a lookup that failed, a configuration that has
 * not arrived. What came before the record is committed; it and what follows are delivered again, for as long as it
 * takes: **the shard waits**. The invocation fails with `USER_RETRYABLE`, so alarms on errors and on the iterator's age see it.
 *
 * @example
 * .map('rate', (order) => {
 *   if (rates === undefined) throw new RetryableError('the exchange rates are not loaded yet');
 *   return { ...order, rate: rates[order.currency] };
 * })
 */
export class RetryableError extends Error {
  override readonly name: string = 'RetryableError';
  readonly [mark]: Verdict = 'retryable';
}

/**
 * Thrown by a pipeline's function for a record that can never be processed. It goes to quarantine with this message,
 * under the code `TERMINAL`, and the shard goes on. Any other error does the same under `USER_CODE`: this one says that
 * it is meant.
 *
 * @example
 * .filter('known', (order) => {
 *   if (order.currency === 'DM') throw new TerminalError('the Mark was abolished in 2001');
 *   return true;
 * })
 */
export class TerminalError extends Error {
  override readonly name: string = 'TerminalError';
  readonly [mark]: Verdict = 'terminal';
}

/** What a thrown value asks for; `undefined` where it is neither of the two, nor made from them. */
export const verdictOf = (thrown: unknown): Verdict | undefined =>
  thrown instanceof Error ? (thrown as { [mark]?: Verdict })[mark] : undefined;
