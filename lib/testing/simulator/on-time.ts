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
    const newest = new NewestTimes();
    for (const input of inputs.filter((one) => one.stream === stream)) {
      let newestMs = newest.before(input);
      for (const data of input.records) {
        const timeMs = timeOf(data, (value) => eventTimeMs(decodeBySchema(node.id, schema, value)));
        if (timeMs === undefined) continue;
        if (timeMs < newestMs - watermarks.boundMs) throw late(node.id, input.shardId, data, newestMs - timeMs);
        newestMs = Math.max(newestMs, timeMs);
      }
      newest.after(input, newestMs);
    }
  }
};

/**
 * The newest event time of each shard of a stream, which is what makes a record late. A shard goes on from the shards that
 * it came from: what is older than the newest record of one, and newer than that of another, may still be on time.
 */
export class NewestTimes {
  readonly #known = new Map<string, number>();

  before({ parentShardIds }: Pick<ShardInput, 'parentShardIds'>): number {
    if (parentShardIds.length === 0) return Number.NEGATIVE_INFINITY;
    return Math.min(...parentShardIds.map((parent) => this.#known.get(parent) ?? Number.NEGATIVE_INFINITY));
  }

  after({ shardId }: Pick<ShardInput, 'shardId'>, newestMs: number): void {
    this.#known.set(shardId, newestMs);
  }
}

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
