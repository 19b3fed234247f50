import { systemClock } from '../../core/clock.ts';
import { MemoryItemStore } from '../../memory/memory-item-store.ts';
import { MemoryStreams } from '../../memory/memory-streams.ts';
import { packSingly } from './pack-lines.ts';
import type { RunEngine } from './run-engine.ts';

/** Streams and state in this process's memory. */
export const startMemoryEngine = async (): Promise<RunEngine> => {
  const streams = new MemoryStreams(systemClock);
  const created: string[] = [];
  return {
    items: new MemoryItemStore(),
    streams,
    pack: packSingly,
    packed: false,
    createStreams: async (names, shards) => {
      for (const name of names) streams.createStream(name, { shards });
      created.push(...names);
    },
    forget: () => {
      for (const name of created) streams.forget(name);
    },
    stop: async () => undefined,
  };
};
