import { closeSync, openSync, writeSync } from 'node:fs';
import { type EventOptions, generateEvents } from './generate-events.ts';

const chunkLines = 20_000;

/** Writes events to a file, one a line. @param onLines told how many are written */
export const writeEvents = (path: string, options: EventOptions, onLines?: (lines: number) => void): void => {
  const file = openSync(path, 'w');
  let chunk: string[] = [];
  let written = 0;
  const flush = () => {
    if (chunk.length === 0) return;
    writeSync(file, `${chunk.join('\n')}\n`);
    written += chunk.length;
    chunk = [];
    onLines?.(written);
  };
  try {
    for (const line of generateEvents(options)) if (chunk.push(line) === chunkLines) flush();
    flush();
  } finally {
    closeSync(file);
  }
};
