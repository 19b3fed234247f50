import type { Commit } from '../commit/commit.ts';
import type { SinkOutput } from '../commit/outbox.ts';
import type { LogicalGraph, SinkNode } from '../graph/logical-graph.ts';
import type { StagePlan } from '../graph/plan.ts';
import { type SinkTiming, timingOf } from '../graph/sink-guarantee.ts';

/** When the rows of each sink that a stage writes leave. */
export const sinkTimings = ({ nodes, delivery }: LogicalGraph, { sinks }: StagePlan): ReadonlyMap<string, SinkTiming> =>
  new Map(sinks.map((id) => [id, timingOf((nodes.get(id) as SinkNode).spec, delivery)]));

/** The rows of a commit by when the delivery mode lets them leave. */
export type SplitOutputs = Readonly<Record<SinkTiming, readonly SinkOutput[]>>;

export const splitOutputs = ({ body }: Commit, timings: ReadonlyMap<string, SinkTiming>): SplitOutputs => {
  const of = (timing: SinkTiming) => body.outbox.sinks.filter(({ sink }) => (timings.get(sink) ?? 'after') === timing);
  return { after: of('after'), before: of('before'), once: of('once') };
};

/** The commit with these rows in its outbox, and no others. */
export const keepOutputs = ({ header, body }: Commit, sinks: readonly SinkOutput[]): Commit => ({
  header,
  body: { ...body, outbox: { ...body.outbox, sinks } },
});
