import type { PutEntry, PutOutcome, Shard } from '../../connectors/stream-port.ts';

/** One call of a process to something outside it, which takes effect when the schedule says so. */
export interface Operation<T> {
  readonly port: 'items' | 'blobs' | 'streams' | 'sinks' | 'clock';
  readonly name: string;
  /** Sort key of the item, key of the object, name of the stream or id of the sink. */
  readonly target: string;
  readonly writes: boolean;
  /** The client below sends it no second time. */
  readonly isSentOnce?: boolean;
  /** One of many of a kind: a slot of an empty ring, a look for blobs that nobody needs. Of those a few are scheduled. */
  readonly isMinor?: boolean;
  /** Makes it happen. May be called again, as a client that lost the answer would. */
  readonly run: () => Promise<T>;
  /** Makes some of it happen; `T` is an answer that says so, `undefined` where the caller is told that nobody knows. */
  readonly runPartly?: (take: () => boolean) => Promise<T | undefined>;
  readonly runReordered?: (swap: () => boolean) => Promise<T>;
  /** What it answers where there is something it does not show yet. */
  readonly emptyAnswer?: T;
}

/** Stands between a process and the world: an operation resolves when, and as, the schedule decides. */
export interface Gate {
  perform<T>(operation: Operation<T>): Promise<T>;
  /** Whether a read of several items is torn here, and into how many pieces at most. */
  tears(): boolean;
  /** The stream's shards as the process sees them: sometimes as they were before. */
  asSeen(stream: string, shards: readonly Shard[]): Promise<readonly Shard[]>;
}

/** Lets everything take effect at once. */
export const openGate: Gate = {
  perform: (operation) => operation.run(),
  tears: () => false,
  asSeen: async (_stream, shards) => shards,
};

/** What a dead process waits for. */
export const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** Some records are not taken; of some that are, the stream says they are not. */
export const putPartly = async (
  put: (entries: readonly PutEntry[]) => Promise<readonly PutOutcome[]>,
  entries: readonly PutEntry[],
  take: () => boolean,
): Promise<PutOutcome[]> => {
  const outcomes: PutOutcome[] = [];
  for (const entry of entries) {
    const says = take();
    const taken = says || take() ? (await put([entry]))[0] : undefined;
    outcomes.push(says && taken !== undefined ? taken : { ok: false, code: 'ProvisionedThroughputExceededException' });
  }
  return outcomes;
};
