/**
 * What the keyed state and the outbox of a stage consist of, as a plan says: which operator each table belongs to and what its
 * entries hold. Entries name their table by its place here, so they can only be read together with the layout of the
 * epoch that they were written in. It is stored with the job: see `docs/state-format.md`.
 */
export interface StageLayout {
  readonly tables: readonly TableLayout[];
  /** The table whose accumulators combined rows to this stage hold; missing where rows are not combined. */
  readonly combined?: number;
  readonly sinks: readonly Named[];
}

/** Something of an operator that outlives a deployment. */
export interface Named {
  /** What it is called in this epoch: an operator's id; for an accumulator `<operator>.<name>`. */
  readonly id: string;
  /** What it is called in all epochs: the id and the epoch that it began with. */
  readonly state: string;
}

/** The table of a window, or of a join. */
export interface TableLayout extends Named {
  /** The window's assigner and lateness: whoever changes them begins another table. */
  readonly window?: Readonly<Record<string, unknown>>;
  /** The same of a join: its sides and bounds. */
  readonly join?: Readonly<Record<string, unknown>>;
  /** In the order in which a pane holds them; none in a join. */
  readonly accumulators: readonly AccumulatorLayout[];
}

export interface AccumulatorLayout extends Named {
  /** Kind and version of the aggregate: `sum@1`. */
  readonly type: string;
}

/** By stage. */
export type JobLayout = Readonly<Record<string, StageLayout>>;

/** One deployment: from it on, commits are written in this layout. */
export interface JobEpoch {
  readonly epoch: number;
  readonly planHash: string;
  readonly layout: JobLayout;
}

/** Where an earlier epoch's tables, accumulators and sinks of one stage are found today. */
export interface LayoutChange {
  /** Ids of the operators of the old tables. */
  readonly ids: readonly string[];
  /** By the old table's index; `undefined` where it is dropped. */
  readonly tables: readonly (TableChange | undefined)[];
  /** Tables of the stage's operators, then and now: tables of the runtime come after them. */
  readonly tableCounts: readonly [before: number, now: number];
  /** The old index of the table that combined rows are for. */
  readonly combined: number | undefined;
  /** New id by old id; without those that are dropped. */
  readonly sinks: ReadonlyMap<string, string>;
}

export interface TableChange {
  /** The table's index today. */
  readonly table: number;
  /** For each accumulator of today: where it was, and of which type. `undefined` where it is new. */
  readonly accumulators: readonly ({ readonly from: number; readonly type: string } | undefined)[];
}

/**
 * Compares a stage's layout in an earlier epoch with today's. What an epoch in between did not have is dropped for good,
 * whichever logs have seen that epoch.
 * @returns `undefined` where nothing is different
 */
export const layoutChange = (epochs: readonly JobEpoch[], stage: string, from: number): LayoutChange | undefined => {
  const since = epochs.filter(({ epoch }) => epoch >= from);
  const [before, today] = [since[0]?.layout[stage], since.at(-1)?.layout[stage]];
  if (before === undefined || today === undefined) return undefined;
  const kept = since.map(({ layout }) => statesOf(layout[stage]));
  const isSame = JSON.stringify(before) === JSON.stringify(today);
  if (isSame && kept.every((states) => [...statesOf(before)].every((state) => states.has(state)))) return undefined;
  const isKept = ({ state }: Named): boolean => kept.every((states) => states.has(state));
  const tables = before.tables.map((table): TableChange | undefined => {
    const index = today.tables.findIndex(({ state }) => state === table.state);
    if (index === -1 || !isKept(table)) return undefined;
    const accumulators = (today.tables[index] as TableLayout).accumulators.map(({ state }) => {
      const at = table.accumulators.findIndex((old) => old.state === state && isKept(old));
      return at === -1 ? undefined : { from: at, type: (table.accumulators[at] as AccumulatorLayout).type };
    });
    return { table: index, accumulators };
  });
  return {
    ids: before.tables.map(({ id }) => id),
    tables,
    tableCounts: [before.tables.length, today.tables.length],
    combined: before.combined,
    sinks: new Map(
      before.sinks.filter(isKept).flatMap((sink) => {
        const now = today.sinks.find(({ state }) => state === sink.state);
        return now === undefined ? [] : [[sink.id, now.id]];
      }),
    ),
  };
};

const statesOf = (layout: StageLayout | undefined): ReadonlySet<string> =>
  new Set([
    ...(layout?.tables ?? []).flatMap((table) => [table.state, ...table.accumulators.map(({ state }) => state)]),
    ...(layout?.sinks ?? []).map(({ state }) => state),
  ]);
