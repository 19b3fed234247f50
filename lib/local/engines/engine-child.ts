import { type EngineMessage, enginePortVariable } from './engine-messages.ts';

export const requestedPort = (): number => Number(process.env[enginePortVariable] ?? 0);

export const tellParent = (message: EngineMessage): void => {
  process.send?.(message);
};

// Not process.exit(): after it, the Kinesis engine was seen to answer for more than ten seconds where clients still had
// connections to it. There is nothing to save.
const die = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

/**
 * Ties this process to its parent: the channel closes when the parent ends, however it ends, SIGKILL included. An
 * interrupt from the terminal reaches the whole process group; the parent decides when its engines stop.
 */
export const followParent = (): void => {
  process.on('disconnect', die);
  // The parent may have ended while this process was starting.
  if (!process.connected) die();
  process.on('SIGTERM', die);
  process.on('SIGINT', () => undefined);
};
