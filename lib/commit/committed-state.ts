import { KeyedState } from '../state/keyed-state.ts';
import type { StateTable } from '../state/state-table.ts';
import { type Floor, floorsAbove } from '../time/floor.ts';
import type { Commit, CommitHeader, RejectionCount } from './commit.ts';
import { Coverage } from './coverage.ts';
import { type LpRange, Marks } from './marks.ts';
import type { Outbox } from './outbox.ts';

/** What a task is made of, by its plan and roster: the same in every container. */
export interface TaskShape {
  readonly tables: readonly StateTable[];
  readonly partitions: number;
  readonly owned: LpRange;
  /** Unit names of the producers of the task's repartition stream; none for a source stage. */
  readonly producers: readonly string[];
  /** Stages that this task sends to. */
  readonly destinations: readonly string[];
}

/**
 * Everything a task knows, as of its head commit: the fold of all its commits, which is also what a snapshot and the
 * commits after it add up to. It changes by `apply` only.
 */
export class CommittedState {
  head: CommitHeader;
  /** What the head commit sends; needed as long as it is not known to be published. */
  outbox: Outbox;
  readonly keyed: KeyedState;
  readonly marks: Marks;
  readonly coverage: ReadonlyMap<string, Coverage>;
  excluded = false;
  rejections: RejectionCount = { records: 0, rejected: 0 };
  floors: readonly Floor[] = [];

  constructor(shape: TaskShape, head: CommitHeader, outbox: Outbox) {
    this.head = head;
    this.outbox = outbox;
    this.keyed = new KeyedState(shape.tables);
    this.marks = new Marks(shape.producers, shape.owned, shape.partitions);
    this.coverage = new Map(shape.destinations.map((stage) => [stage, new Coverage(shape.partitions)]));
  }

  apply({ header, body }: Commit): void {
    if (header.n !== this.head.n + 1) throw new Error(`commit ${header.n} cannot follow ${this.head.n}`);
    this.keyed.apply(body.changes);
    for (const change of body.marks) this.marks.apply(change);
    for (const hop of body.outbox.hops) this.coverage.get(hop.stage)?.apply(header.n, hop);
    this.excluded = body.excluded;
    this.rejections = body.rejections;
    this.head = header;
    if (this.floors.length > 0) this.floors = floorsAbove(this.floors, header.watermarkMs);
    this.outbox = body.outbox;
  }
}
