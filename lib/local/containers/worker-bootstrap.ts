/**
 * What runs inside a container's Worker: it imports the handler once (the cold start) and then answers one invocation
 * after the other, until the host terminates it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { ContainerMessage, ContainerSettings, InvokeMessage } from './container-messages.ts';

type Handler = (event: unknown, context: unknown) => unknown;

const settings = workerData as ContainerSettings;
const say = (message: ContainerMessage) => parentPort?.postMessage(message);

const describe = (thrown: unknown): { message: string; stack?: string } => {
  if (!(thrown instanceof Error)) return { message: String(thrown) };
  const message = `${thrown.name}: ${thrown.message}`;
  return thrown.stack === undefined ? { message } : { message, stack: thrown.stack };
};

const contextOf = ({ requestId, deadlineMs }: InvokeMessage) => ({
  awsRequestId: requestId,
  callbackWaitsForEmptyEventLoop: true,
  functionName: settings.functionName,
  functionVersion: '$LATEST',
  invokedFunctionArn: settings.functionArn,
  memoryLimitInMB: String(settings.memoryLimitInMB),
  logGroupName: `/aws/lambda/${settings.functionName}`,
  logStreamName: 'local',
  getRemainingTimeInMillis: () => Math.max(0, deadlineMs - Date.now()),
});

/** The host may be busy, but not for so long: then the container goes on without it. */
const longestHoldMs = 5_000;

let currentRequestId: string | undefined;

/** While kills are armed, nothing happens here between a line and the host's look at it. */
const holdAtLines = (stream: NodeJS.WriteStream): void => {
  const write = stream.write.bind(stream) as (...given: unknown[]) => boolean;
  const { armed, looked } = settings.hold;
  stream.write = (...given: unknown[]): boolean => {
    const more = write(...given);
    if (currentRequestId === undefined || Atomics.load(armed, 0) === 0) return more;
    const before = Atomics.load(looked, 0);
    say({ kind: 'wrote', requestId: currentRequestId, text: String(given[0]) });
    Atomics.wait(looked, 0, before, longestHoldMs);
    return more;
  };
};

const loadHandler = async (): Promise<Handler | undefined> => {
  try {
    const module = (await import(settings.entryUrl)) as Record<string, unknown>;
    const handler = module[settings.exportName];
    if (typeof handler === 'function') return handler as Handler;
    const known = Object.keys(module).join(', ') || 'none';
    say({
      kind: 'init-failed',
      message: `${settings.entryUrl} has no function named ${settings.exportName}; exports: ${known}`,
    });
  } catch (thrown) {
    say({ kind: 'init-failed', ...describe(thrown) });
  }
  return undefined;
};

const invoke = async (handler: Handler, message: InvokeMessage): Promise<ContainerMessage> => {
  const { requestId } = message;
  currentRequestId = requestId;
  try {
    const payloadJson = JSON.stringify(await handler(JSON.parse(message.eventJson), contextOf(message)));
    return payloadJson === undefined
      ? { kind: 'returned', requestId }
      : { kind: 'returned', requestId, payloadJson: payloadJson };
  } catch (thrown) {
    return { kind: 'threw', requestId, ...describe(thrown) };
  } finally {
    currentRequestId = undefined;
  }
};

holdAtLines(process.stdout);
holdAtLines(process.stderr);
const handler = await loadHandler();
if (handler !== undefined) {
  parentPort?.on('message', async (message: InvokeMessage) => say(await invoke(handler, message)));
  say({ kind: 'ready' });
}
