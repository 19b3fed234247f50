import { AsyncLocalStorage } from 'node:async_hooks';

/** What can end a process from inside. */
interface Mortal {
  crash(): void;
}

const running = new AsyncLocalStorage<Mortal>();

/** Runs an invocation so that the functions it calls may end its process. */
export const runMortal = <T>(process: Mortal, run: () => T): T => running.run(process, run);

/**
 * Ends the simulated process whose function calls it, as too little memory or an endless loop would: nothing of the invocation
 * reaches anything any more. Anywhere else it is an error like any other.
 *
 * @throws Error always
 *
 * @example
 * .map('parse', (page) => (page.id === 'bomb' ? crashProcess() : parse(page)))
 */
export const crashProcess = (): never => {
  running.getStore()?.crash();
  throw new Error('crashProcess was called');
};
