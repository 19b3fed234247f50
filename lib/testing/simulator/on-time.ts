import { MillraceError } from '../../errors/millrace-error.ts';
import type { Pipeline } from '../../graph/pipeline.ts';
import { decodeBySchema } from '../../operators/crossing.ts';
import type { ShardInput } from './outcome.ts';

/**
 * Requires that no record is so far behind the newest of its shard that it may be late: whether it is depends on the
 * schedule, and then no other run can say what has to come out.
 *
 * @throws MillraceError `INVALID_ARGUMENT`
 */
export const requireOnTime = (pipeline: Pipeline, inputs: readonly ShardInput[]): void => {
  for (const node of pipeline.graph.nodes.values()) {
    if (node.kind !== 'source') continue;
    const { stream, eventTimeMs, watermarks, schema } = node.spec;
    for (const input of inputs.filter((one) => one.stream === stream)) {
      let newestMs = Number.NEGATIVE_INFINITY;
      for (const data of input.records) {
        const timeMs = timeOf(data, (value) => eventTimeMs(decodeBySchema(node.id, schema, value)));
        if (timeMs === undefined) continue;
        if (timeMs < newestMs - watermarks.boundMs) throw late(node.id, input.shardId, data, newestMs - timeMs);
        newestMs = Math.max(newestMs, timeMs);
      }
    }
  }
};

/** Undefined for what goes to quarantine. */
const timeOf = (data: Uint8Array, read: (value: unknown) => number): number | undefined => {
  try {
    return read(JSON.parse(Buffer.from(data).toString()));
  } catch {
    return undefined;
  }
};

const late = (source: string, shardId: string, data: Uint8Array, behindMs: number): MillraceError =>
  new MillraceError(
    'input',
    'INVALID_ARGUMENT',
    `simulate: on ${shardId} of source '${source}', ${Buffer.from(data).toString()} is ${behindMs} ms behind the newest record and may be late, so what comes out depends on the schedule.`,
    {
      fix: "Send events within the source's bound, or say with 'check' what has to come out.",
      fields: { source, shardId, behindMs },
    },
  );
