import type { Commit } from '../commit/commit.ts';
import type { SinkOutput } from '../commit/outbox.ts';
import type { SinkTiming } from '../graph/sink-guarantee.ts';

/** The rows of a commit by when the delivery mode lets them leave. */
export type SplitOutputs = Readonly<Record<SinkTiming, readonly SinkOutput[]>>;

export const splitOutputs = ({ body }: Commit, timingOf: ReadonlyMap<string, SinkTiming>): SplitOutputs => {
  const of = (timing: SinkTiming) => body.outbox.sinks.filter(({ sink }) => (timingOf.get(sink) ?? 'after') === timing);
  return { after: of('after'), before: of('before'), once: of('once') };
};

/** The commit with these rows in its outbox, and no others. */
export const keepOutputs = ({ header, body }: Commit, sinks: readonly SinkOutput[]): Commit => ({
  header,
  body: { ...body, outbox: { ...body.outbox, sinks } },
});
