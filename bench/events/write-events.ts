import { open } from 'node:fs/promises';
import { type EventOptions, generateEvents } from './generate-events.ts';

const chunkLines = 20_000;

/** Writes events to a file, one a line. @throws the signal's reason, between two chunks */
export const writeEvents = async (path: string, options: EventOptions, signal?: AbortSignal): Promise<void> => {
  const file = await open(path, 'w');
  try {
    let chunk: string[] = [];
    for (const line of generateEvents(options)) {
      if (chunk.push(line) < chunkLines) continue;
      signal?.throwIfAborted();
      await file.write(`${chunk.join('\n')}\n`);
      chunk = [];
    }
    if (chunk.length > 0) await file.write(`${chunk.join('\n')}\n`);
  } finally {
    await file.close();
  }
};
