import { slotIndex } from '../../lib/commit/slot.ts';
import type { Action, Model } from './explore.ts';

/**
 * Fencing: one shard's log, two containers that may be stale, frozen or dead, and a store whose writes may land late,
 * twice, or without their answer. Records are 1, 2, 3, …; a commit holds those after `from` up to `upTo`, so a state is
 * the number of the last record in it.
 */
export interface RingState {
  /** Item `S`. The snapshot holds the records up to `upTo`, which is the state at commit `n`. */
  registry: { ready: boolean; n: number; upTo: number } | null;
  ring: (Entry | null)[];
  /** Puts that are under way, each for itself: they land in any order, and when nobody waits any more. */
  network: Entry[];
  containers: Container[];
  /** The mapping has been told that these are processed. It delivers what follows. */
  acknowledged: number;
  /** How much may still go wrong. */
  faults: number;
  /** For the invariants only: the newest commit that was ever in the log, and whether a put ever broke the numbering. */
  truth: { n: number; upTo: number; renumbered: boolean };
}

interface Entry {
  n: number;
  attempt: string;
  from: number;
  upTo: number;
}

interface Container {
  at: 'idle' | 'starts' | 'makes slots' | 'reads slots' | 'ready' | 'waits' | 'committed';
  batch: { after: number; upTo: number } | null;
  /** The state at commit n; `covered`: the snapshot's number, as far as this container knows. */
  cache: { n: number; upTo: number; covered: number } | null;
  /** Slots made so far. */
  slots: number;
  attempt: string | null;
}

export interface RingRules {
  /** Whether the ring is still to be made. */
  readonly genesis: boolean;
  readonly records: number;
  readonly faults: number;
  /** Records that the mapping may deliver at once. */
  readonly batchSizes: readonly number[];
  readonly ringSize: number;
  /** `absent`: an append-only log whose covered entries are deleted. */
  readonly condition: 'n − R' | 'absent';
  readonly conditionalGenesis: boolean;
  readonly conditionalSnapshot: boolean;
  /** A slot is overwritten only when a snapshot covers it. */
  readonly coverFirst: boolean;
  /** Whose commit n is in the slot is told by the attempt, not by the number. */
  readonly attemptIds: boolean;
  /** An unknown outcome is taken for a success. */
  readonly guess: boolean;
}

export const ringRules: RingRules = {
  genesis: true,
  records: 4,
  faults: 1,
  batchSizes: [1, 2],
  ringSize: 2,
  condition: 'n − R',
  conditionalGenesis: true,
  conditionalSnapshot: true,
  coverFirst: true,
  attemptIds: true,
  guess: false,
};

export const ringModel = (rules: RingRules): Model<RingState> => ({
  start: {
    registry: rules.genesis ? null : { ready: true, n: 0, upTo: 0 },
    ring: Array.from({ length: rules.ringSize }, (_, index) =>
      rules.genesis || rules.condition === 'absent' ? null : genesisEntry(index === 0 ? 0 : index - rules.ringSize),
    ),
    network: [],
    containers: [newContainer(), newContainer()],
    acknowledged: 0,
    faults: rules.faults,
    truth: { n: 0, upTo: 0, renumbered: false },
  },

  actions: (state) => [
    ...state.containers.flatMap((container, i) => containerActions(rules, state, container, i)),
    ...state.network.flatMap((put, i) => networkActions(rules, state, put, i)),
  ],

  invariants: {
    'invariant 1: one content for each number, and the numbers are dense': ({ truth }) => !truth.renumbered,
    'invariant 2: what was acknowledged is in committed state': (state) =>
      state.acknowledged === 0 || (load(rules, state)?.upTo ?? 0) >= state.acknowledged,
    'invariants 3 and 7: loading gives the fold of all commits': (state) => {
      if (state.registry?.ready !== true) return state.truth.n === 0;
      const loaded = load(rules, state);
      return loaded?.n === state.truth.n && loaded.upTo === state.truth.upTo;
    },
  },

  isDone: ({ acknowledged }) => acknowledged === rules.records,
});

const newContainer = (): Container => ({ at: 'idle', batch: null, cache: null, slots: 0, attempt: null });

const name = (i: number): string => 'AB'[i] as string;

const containerActions = (rules: RingRules, state: RingState, container: Container, i: number): Action<RingState>[] => {
  const act = (what: string, change: (state: RingState, container: Container) => void): Action<RingState> => ({
    name: `${name(i)} ${what}`,
    change: (next) => change(next, next.containers[i]!),
  });
  const { at, batch, cache } = container;
  const actions: Action<RingState>[] = [];
  if (at === 'idle') {
    const after = state.acknowledged;
    for (const upTo of rules.batchSizes.map((size) => after + size).filter((last) => last <= rules.records)) {
      actions.push(
        act(`gets the records ${after + 1} … ${upTo}`, (_, me) => {
          me.at = me.cache === null ? 'starts' : 'ready';
          me.batch = { after, upTo };
        }),
      );
    }
    return actions;
  }
  if (at === 'starts') actions.push(act('reads S', (next, me) => readRegistry(rules, next, me)));
  if (at === 'makes slots') actions.push(genesisStep(rules, act, container));
  if (at === 'reads slots') actions.push(act('reads the slots', (next, me) => readSlots(rules, next, me)));
  if (at === 'ready' && batch !== null && cache !== null) {
    if (batch.upTo <= cache.upTo) {
      actions.push(act('finds nothing new in its batch, and reports success', reportSuccess));
    } else if (!rules.coverFirst || cache.n + 1 - rules.ringSize <= cache.covered) {
      actions.push(
        act(`sends commit ${cache.n + 1}`, (next, me) => {
          me.attempt = newAttempt(next, name(i));
          me.at = 'waits';
          const from = Math.max(cache.upTo, batch.after);
          next.network.push({ n: cache.n + 1, attempt: me.attempt, from, upTo: batch.upTo });
          next.network.sort((a, b) => (a.attempt < b.attempt ? -1 : 1));
        }),
      );
    }
    if (cache.n > cache.covered) {
      actions.push(act(`writes a snapshot of ${cache.n}`, (next, me) => writeSnapshot(rules, next, me)));
    }
    if (rules.condition === 'absent' && state.ring.some((entry) => entry !== null && entry.n <= cache.covered)) {
      actions.push(
        act('deletes what its snapshot covers', (next) => {
          next.ring = next.ring.map((entry) => (entry !== null && entry.n <= cache.covered ? null : entry));
        }),
      );
    }
  }
  if (at === 'committed') {
    actions.push(act('reports success', reportSuccess));
  }
  // Elsewhere to die is no more than to be frozen for ever.
  if (state.faults > 0 && (at === 'waits' || at === 'committed')) {
    actions.push(
      act(at === 'waits' ? 'gives up waiting' : 'dies', (next, me) => {
        next.faults--;
        outcomeUnknown(rules, me);
      }),
    );
  }
  return actions;
};

/** No other put that still exists has it. */
const newAttempt = ({ network, ring }: RingState, owner: string): string => {
  const used = new Set([...network, ...ring].map((entry) => entry?.attempt));
  let attempt = owner;
  while (used.has(attempt)) attempt += '′';
  return attempt;
};

const reportSuccess = (next: RingState, me: Container): void => {
  next.acknowledged = Math.max(next.acknowledged, me.batch!.upTo);
  Object.assign(me, { at: 'idle', batch: null, attempt: null });
};

/** Never guess: forget what was known and throw. The batch comes again, and its filter decides. */
const outcomeUnknown = (rules: RingRules, me: Container): void => {
  if (rules.guess && me.at === 'waits') me.at = 'committed';
  else Object.assign(me, { at: 'idle', batch: null, slots: 0 });
  Object.assign(me, { cache: null, attempt: null });
};

const readRegistry = (rules: RingRules, next: RingState, me: Container): void => {
  next.registry ??= { ready: false, n: 0, upTo: 0 };
  const { ready, n, upTo } = next.registry;
  if (ready) Object.assign(me, { at: 'reads slots', cache: { n, upTo, covered: n } });
  else Object.assign(me, { at: 'makes slots', slots: rules.condition === 'absent' ? rules.ringSize : 0 });
};

/** Slot by slot, then READY. Any container may do it or finish it, and wake up in its middle when all is long done. */
const genesisStep = (
  { ringSize, conditionalGenesis }: RingRules,
  act: (what: string, change: (state: RingState, me: Container) => void) => Action<RingState>,
  { slots }: Container,
): Action<RingState> => {
  if (slots === ringSize) {
    return act('sets READY', (next, me) => {
      if (next.registry?.ready === false) next.registry.ready = true;
      Object.assign(me, { at: 'starts', slots: 0 });
    });
  }
  const n = slots + 1 - ringSize;
  return act(`makes slot ${n}`, (next, me) => {
    const index = slotIndex(n, ringSize);
    if (next.ring[index] === null || !conditionalGenesis) next.ring[index] = genesisEntry(n);
    me.slots++;
  });
};

const genesisEntry = (n: number): Entry => ({ n, attempt: 'genesis', from: 0, upTo: 0 });

/** Catching up, and the second half of loading. */
const readSlots = (rules: RingRules, next: RingState, me: Container): void => {
  const chain = chainAfter(rules, next, me.cache!);
  if (chain === undefined) Object.assign(me, { at: 'starts', cache: null });
  else Object.assign(me, { at: 'ready', cache: { ...chain, covered: me.cache!.covered } });
};

/** The longest dense chain of commits after `known`; undefined where the ring has moved on past it. */
export const chainAfter = (
  { ringSize, condition }: RingRules,
  { ring }: Pick<RingState, 'ring'>,
  known: { n: number; upTo: number },
): { n: number; upTo: number } | undefined => {
  let { n, upTo } = known;
  for (;;) {
    const entry = ring[slotIndex(n + 1, ringSize)]!;
    if (entry === null && condition === 'absent') return { n, upTo };
    if (entry.n > n + 1) return undefined;
    if (entry.n <= n) return { n, upTo };
    // Invariant 3: it was computed from the state at n − 1. A fold that does not fit loads nothing.
    if (entry.from !== upTo) return undefined;
    n = entry.n;
    upTo = entry.upTo;
  }
};

/** What a container that knows nothing finds. */
const load = (rules: RingRules, state: RingState): { n: number; upTo: number } | undefined =>
  state.registry?.ready === true ? chainAfter(rules, state, state.registry) : undefined;

const writeSnapshot = ({ conditionalSnapshot }: RingRules, next: RingState, me: Container): void => {
  const { n, upTo, covered } = me.cache!;
  if (next.registry!.n !== covered && conditionalSnapshot) Object.assign(me, { at: 'starts', cache: null });
  else {
    Object.assign(next.registry!, { n, upTo });
    me.cache!.covered = n;
  }
};

/** The one condition that fences every writer. */
export const accepts = ({ ringSize, condition }: RingRules, ring: RingState['ring'], put: Entry): boolean => {
  const found = ring[slotIndex(put.n, ringSize)] ?? null;
  return condition === 'absent' ? found === null : found?.n === put.n - ringSize;
};

const networkActions = (rules: RingRules, state: RingState, put: Entry, i: number): Action<RingState>[] => {
  const owner = state.containers.findIndex((me) => me.at === 'waits' && put.attempt === me.attempt);
  const what = `${put.attempt}'s put of commit ${put.n} (records ${put.from + 1} … ${put.upTo})`;
  const actions: Action<RingState>[] = [
    {
      name: `${what} lands`,
      change: (next) => {
        next.network.splice(i, 1);
        const success = land(rules, next, put);
        const me = next.containers[owner];
        if (me === undefined) return;
        me.attempt = null;
        if (!success) me.at = 'reads slots';
        else Object.assign(me, { at: 'committed', cache: { ...me.cache!, n: put.n, upTo: put.upTo } });
      },
    },
  ];
  if (state.faults === 0 || owner < 0) return actions;
  return [
    ...actions,
    {
      name: `${what} lands, and its client sends it again`,
      change: (next) => {
        next.faults--;
        land(rules, next, put);
      },
    },
    {
      name: `${what} lands, but its answer is lost`,
      change: (next) => {
        next.faults--;
        next.network.splice(i, 1);
        land(rules, next, put);
        outcomeUnknown(rules, next.containers[owner]!);
      },
    },
  ];
};

/** @returns whether the answer says that the commit is in the log */
const land = (rules: RingRules, next: RingState, put: Entry): boolean => {
  const index = slotIndex(put.n, rules.ringSize);
  if (accepts(rules, next.ring, put)) {
    next.ring[index] = put;
    if (put.n !== next.truth.n + 1) next.truth.renumbered = true;
    else Object.assign(next.truth, { n: put.n, upTo: put.upTo });
    return true;
  }
  const found = next.ring[index]!;
  return found.n === put.n && (found.attempt === put.attempt || !rules.attemptIds);
};
