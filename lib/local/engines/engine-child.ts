import { type EngineMessage, enginePortVariable } from './engine-messages.ts';

export const requestedPort = (): number => Number(process.env[enginePortVariable] ?? 0);

export const tellParent = (message: EngineMessage): void => {
  process.send?.(message);
};

/**
 * Ties this process to its parent: the channel closes when the parent ends, however it ends, SIGKILL included. An
 * interrupt from the terminal reaches the whole process group; the parent decides when its engines stop.
 */
export const followParent = (): void => {
  process.on('disconnect', () => process.exit(0));
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => process.exit(0));
};
