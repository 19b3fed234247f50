import { SingleBar } from 'cli-progress';

export interface BenchProgress {
  /** The next step begins. */
  step(what: string): void;
  stop(): void;
}

/** A bar over all steps on a terminal; elsewhere a line for each. */
export const startBenchProgress = (steps: number, out: NodeJS.WriteStream = process.stderr): BenchProgress => {
  let begun = 0;
  if (out.isTTY !== true) {
    return { step: (what) => void out.write(`${++begun}/${steps} ${what}\n`), stop: () => undefined };
  }
  const bar = new SingleBar({
    format: '  {bar} {value}/{total} · {duration_formatted} · {what}',
    stream: out,
    barsize: 30,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    clearOnComplete: true,
  });
  bar.start(steps, 0, { what: '' });
  return { step: (what) => bar.update(begun++, { what }), stop: () => bar.stop() };
};
