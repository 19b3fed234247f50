import { SingleBar } from 'cli-progress';
import { groupDigits } from '../lib/core/text-table.ts';
import type { RunProgress } from '../lib/local/bounded-run/run-options.ts';
import type { Terminal } from './terminal.ts';

export interface Progress {
  show(progress: RunProgress): void;
  stop(): void;
}

const hidden: Progress = { show: () => undefined, stop: () => undefined };

const counts = '{records} records · {rejected} rejected';

/** A bar on a terminal, by bytes read; only the counts where the size is unknown; nothing where nobody looks. */
export const startProgress = ({ err }: Terminal, sizeKnown: boolean): Progress => {
  if (err.isTTY !== true) return hidden;
  const bar = new SingleBar({
    format: sizeKnown ? `  {bar} {percentage}% · ${counts}` : `  ${counts}`,
    stream: err,
    barsize: 30,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
    emptyOnZero: true,
  });
  bar.start(1, 0, { records: '0', rejected: '0' });
  return {
    show: ({ bytesRead, bytesTotal, records, rejected }) => {
      bar.setTotal(Math.max(1, bytesTotal ?? 1));
      bar.update(bytesTotal === undefined ? 0 : Math.min(bytesRead, bytesTotal), {
        records: groupDigits(records),
        rejected: groupDigits(rejected),
      });
    },
    stop: () => bar.stop(),
  };
};

/** A running count on a terminal; nothing where nobody looks. */
export const startCounter = ({ err }: Terminal, what: string): { show(count: number): void; stop(): void } => {
  if (err.isTTY !== true) return { show: () => undefined, stop: () => undefined };
  const bar = new SingleBar({ format: `  {count} ${what}`, stream: err, hideCursor: true, clearOnComplete: true });
  bar.start(1, 0, { count: '0' });
  return { show: (count) => bar.update(0, { count: groupDigits(count) }), stop: () => bar.stop() };
};
