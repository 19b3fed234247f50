import { KeyedState } from '../state/keyed-state.ts';
import type { StateTable } from '../state/state-table.ts';
import { type EpochReader, type StateUpgrade, upgradeEntries } from '../state/state-upgrade.ts';
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
  /** The task's epoch, and how it reads earlier ones. */
  readonly epochs: EpochReader;
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
  readonly epochs: EpochReader;
  readonly marks: Marks;
  readonly coverage: ReadonlyMap<string, Coverage>;
  excluded = false;
  rejections: RejectionCount = { records: 0, rejected: 0 };
  floors: readonly Floor[] = [];
  /** Sealed logs that this one follows on and that are not known to be collected, by their units' names. */
  ancestors: readonly string[] = [];

  /** @throws MillraceError `PLAN_MISMATCH` where a newer epoch wrote the head */
  constructor(shape: TaskShape, head: CommitHeader, outbox: Outbox) {
    this.epochs = shape.epochs;
    this.head = head;
    this.outbox = this.#readOutbox(head, outbox);
    this.keyed = new KeyedState(shape.tables);
    this.marks = new Marks(shape.producers, shape.owned, shape.partitions);
    this.coverage = new Map(shape.destinations.map((stage) => [stage, new Coverage(shape.partitions)]));
  }

  /** An earlier epoch wrote the head, and nothing of this one has followed it. Nothing follows a seal. */
  get isBehind(): boolean {
    const { epoch, kind } = this.head;
    return epoch < this.epochs.epoch && kind !== 'genesis' && kind !== 'seal';
  }

  /** @throws MillraceError `PLAN_MISMATCH` where a newer epoch wrote the commit: what it says cannot be read here */
  apply({ header, body }: Commit): void {
    if (header.n !== this.head.n + 1) throw new Error(`commit ${header.n} cannot follow ${this.head.n}`);
    const upgrade = this.epochs.from(header.epoch);
    this.keyed.apply(header.n, upgradeEntries(body.changes, upgrade));
    for (const change of body.marks) this.marks.apply(change);
    for (const hop of body.outbox.hops) this.coverage.get(hop.stage)?.apply(header.n, hop);
    this.excluded = body.excluded;
    this.rejections = body.rejections;
    this.head = header;
    if (this.floors.length > 0) this.floors = floorsAbove(this.floors, header.watermarkMs);
    this.outbox = this.#readOutbox(header, body.outbox);
  }

  /** Puts back what the head sends: a snapshot leaves it in its slot. */
  restoreOutbox(outbox: Outbox): void {
    this.outbox = this.#readOutbox(this.head, outbox);
  }

  #readOutbox({ epoch }: CommitHeader, outbox: Outbox): Outbox {
    return upgradeOutbox(outbox, this.epochs.from(epoch));
  }
}

/** What an earlier epoch has not sent is sent by today's sinks. */
const upgradeOutbox = (outbox: Outbox, upgrade: StateUpgrade | undefined): Outbox =>
  upgrade === undefined
    ? outbox
    : {
        ...outbox,
        sinks: outbox.sinks.flatMap(({ sink: before, rows }) => {
          const sink = upgrade.sink(before);
          return sink === undefined ? [] : [{ sink, rows }];
        }),
      };
