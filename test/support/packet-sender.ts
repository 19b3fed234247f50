import { expect } from 'vitest';
import type { PutEntry } from '../../lib/connectors/stream-port.ts';
import { cursorOf, type World } from './world.ts';

/** Sends events as one batch of the source stage, and so as one packet. A warm container: a cold one sends the last one again. */
export const packetSender = (world: World) => {
  const source = world.container('in');
  return async (events: readonly PutEntry[]): Promise<void> => {
    await world.send(events);
    expect(await world.deliver(cursorOf(world, 'in'), source, 100)).toMatchObject({ kind: 'done' });
  };
};
