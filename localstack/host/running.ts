const loopback = (port: number): string => `http://127.0.0.1:${port}/_localstack/health`;

interface Health {
  readonly version?: string;
  readonly services?: Readonly<Record<string, string>>;
}

const health = (port: number): Promise<Health | undefined> =>
  fetch(loopback(port), { signal: AbortSignal.timeout(5_000) })
    .then((answer) => answer.json() as Promise<Health>)
    .catch(() => undefined);

/** The version of the LocalStack that listens there; `undefined` where none does. */
export const answering = async (port: number): Promise<string | undefined> => (await health(port))?.version;

/** The services that it has started so far. */
export const startedServices = async (port: number): Promise<readonly string[]> =>
  Object.entries((await health(port))?.services ?? {})
    .filter(([, state]) => state === 'running')
    .map(([service]) => service);

/** Asks it to end, and waits until it does not answer any more. @returns whether there was one */
export const stopRunning = async (port: number): Promise<boolean> => {
  if ((await answering(port)) === undefined) return false;
  await fetch(loopback(port), { method: 'POST', body: JSON.stringify({ action: 'kill' }) }).catch(() => undefined);
  while ((await answering(port)) !== undefined) await new Promise((resolve) => setTimeout(resolve, 200));
  return true;
};
