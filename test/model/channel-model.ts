import { Coverage } from '../../lib/commit/coverage.ts';
import { type LpRange, Marks } from '../../lib/commit/marks.ts';
import type { CoveredRun } from '../../lib/commit/outbox.ts';
import { getOrAdd } from '../../lib/core/get-or-add.ts';
import { Channel, type RunVerdict } from '../../lib/runtime/channel.ts';
import { intersect } from '../../lib/runtime/cut-packets.ts';
import type { Action, Model } from './explore.ts';

/**
 * The channel between two stages: one producer's log, whose commits `covers` says, and two containers of it that send what
 * the head commit says. The receiving stream has one shard X with both partitions, which splits into Y and Z at any
 * moment; container A goes on with the map from before for ever, B has the right one. That logs are fenced is taken from
 * the ring model; verdicts, `prev` chains and the cutting of runs are the engine's own code.
 */
export interface ChannelState {
  /** The producer's newest commit: its outputs are in the log, those of earlier commits need not be. */
  head: number;
  producers: { n: number; left: Packet[] }[];
  isSplit: boolean;
  /** What was not yet committed by the receiver. */
  streams: Record<ShardName, Packet[]>;
  receivers: Record<ShardName, Receiver | null>;
  faults: number;
  /** For the invariants only: the commits whose rows were applied, by partition. */
  applied: number[][];
}

type ShardName = 'X' | 'Y' | 'Z';

interface Packet {
  readonly n: number;
  readonly runs: readonly CoveredRun[];
}

interface Receiver {
  /** The last commit applied to each partition. */
  marks: number[];
  held: Packet[];
  /** The foreign runs of the record in hand are with their owner. */
  hasRelayed: boolean;
  /** Only with `relayFirst: false`: committed and still to be relayed. */
  owes: Packet[];
}

export interface ChannelRules {
  readonly faults: number;
  /** The partitions that each commit has something for. */
  readonly covers: readonly LpRange[];
  /** Commit n + 1 only when all outputs of n are acknowledged. */
  readonly drainFirst: boolean;
  /** `by number`: later than what was applied is good enough. `never wait`: drop what comes too early. */
  readonly verdicts: 'the engine’s' | 'by number' | 'never wait';
  readonly relays: boolean;
  /** What a shard does not own is sent on before the commit that passes over it. */
  readonly relayFirst: boolean;
}

const partitions = 2;
const owned: Record<ShardName, LpRange> = { X: { from: 0, to: 1 }, Y: { from: 0, to: 0 }, Z: { from: 1, to: 1 } };

export const channelRules: ChannelRules = {
  faults: 1,
  covers: [
    { from: 0, to: 1 },
    { from: 1, to: 1 },
    { from: 0, to: 1 },
  ],
  drainFirst: true,
  verdicts: 'the engine’s',
  relays: true,
  relayFirst: true,
};

export const channelModel = (rules: ChannelRules): Model<ChannelState> => {
  const commits = runsOfCommits(rules.covers);
  const expected = [0, 1].map((lp) =>
    commits.flatMap((runs, i) => (runs.some(({ from, to }) => from <= lp && lp <= to) ? [i + 1] : [])),
  );
  return {
    start: {
      head: 0,
      producers: [
        { n: 0, left: [] },
        { n: 0, left: [] },
      ],
      isSplit: false,
      streams: { X: [], Y: [], Z: [] },
      receivers: { X: { marks: [0, 0], held: [], hasRelayed: false, owes: [] }, Y: null, Z: null },
      faults: rules.faults,
      applied: [[], []],
    },

    actions: (state) => [
      ...state.producers.flatMap((_, i) => producerActions(rules, commits, state, i)),
      ...(state.isSplit ? [] : [splitting]),
      ...(['X', 'Y', 'Z'] as const).flatMap((shard) => receiverActions(rules, state, shard)),
    ],

    invariants: {
      'invariant 4: each run is applied once, in the order of its prev chain': ({ applied }) =>
        applied.every((of, lp) => of.every((n, i) => n === expected[lp]?.[i])),
    },

    isDone: ({ applied }) => JSON.stringify(applied) === JSON.stringify(expected),
  };
};

const splitting: Action<ChannelState> = {
  name: 'X splits into Y and Z',
  change: (next) => {
    next.isSplit = true;
  },
};

/** What each commit covers, with the commit that covered it before. */
const runsOfCommits = (covers: readonly LpRange[]): CoveredRun[][] => {
  const coverage = new Coverage(partitions);
  return covers.map(({ from, to }, i) => {
    const runs = coverage.runsOver([[from, to]]);
    coverage.apply(i + 1, { stage: 'next', watermarkMs: 0, excluded: false, covers: runs, rows: [] });
    return runs;
  });
};

const producerActions = (
  rules: ChannelRules,
  commits: readonly CoveredRun[][],
  state: ChannelState,
  i: number,
): Action<ChannelState>[] => {
  const me = state.producers[i]!;
  const who = `producer ${'AB'[i]}`;
  const map: readonly ShardName[] = state.isSplit && i === 1 ? ['Y', 'Z'] : ['X'];
  const cut = (n: number): Packet[] =>
    map
      .map((shard) => ({ n, runs: intersect(commits[n - 1] ?? [], owned[shard].from, owned[shard].to) }))
      .filter(({ runs }) => runs.length > 0);
  const actions: Action<ChannelState>[] = [];
  // Who takes over does not know what of the head was sent.
  if (me.n < state.head && me.left.length === 0) {
    actions.push({
      name: `${who} takes over at commit ${state.head}`,
      change: (next) => {
        next.producers[i] = { n: next.head, left: cut(next.head) };
      },
    });
  }
  if (me.n === state.head && state.head < commits.length && (me.left.length === 0 || !rules.drainFirst)) {
    actions.push({
      name: `${who} commits ${state.head + 1}`,
      change: (next) => {
        next.head++;
        next.producers[i] = { n: next.head, left: [...me.left, ...cut(next.head)] };
      },
    });
  }
  me.left.forEach((packet, p) => {
    const shard = ownerOf(state, packet.runs[0]!.from);
    actions.push({
      name: `${who} puts ${describe(packet)} into ${shard}`,
      change: (next) => {
        next.streams[shard].push(packet);
        next.producers[i]!.left.splice(p, 1);
      },
    });
    if (state.faults === 0) return;
    actions.push({
      name: `${who} puts ${describe(packet)} into ${shard} and gets no answer`,
      change: (next) => {
        next.faults--;
        next.streams[shard].push(packet);
      },
    });
  });
  if (state.faults > 0 && me.left.length > 0) {
    actions.push({
      name: `${who} dies`,
      change: (next) => {
        next.faults--;
        next.producers[i] = { n: 0, left: [] };
      },
    });
  }
  return actions;
};

/** Where the stream itself puts a record now. */
const ownerOf = ({ isSplit }: ChannelState, lp: number): ShardName => (!isSplit ? 'X' : lp === 0 ? 'Y' : 'Z');

const describe = ({ n, runs }: Packet): string =>
  `commit ${n} for ${runs.map(({ from, to }) => (from === to ? `lp ${from}` : `lps ${from}-${to}`)).join(', ')}`;

const receiverActions = (rules: ChannelRules, state: ChannelState, shard: ShardName): Action<ChannelState>[] => {
  const me = state.receivers[shard];
  if (me === null) return adoption(state, shard);
  const packet = state.streams[shard][0];
  const actions: Action<ChannelState>[] = [];
  const relay = (what: Packet, done: Partial<Receiver>): Action<ChannelState> => ({
    name: `${shard} relays ${describe(what)}`,
    change: (next) => {
      for (const run of what.runs) next.streams[ownerOf(next, run.from)].push({ n: what.n, runs: [run] });
      Object.assign(next.receivers[shard]!, done);
    },
  });
  if (packet !== undefined && me.owes.length === 0) {
    const foreign = { n: packet.n, runs: rules.relays ? foreignRuns(packet, shard) : [] };
    if (rules.relayFirst && foreign.runs.length > 0 && !me.hasRelayed) {
      actions.push(relay(foreign, { hasRelayed: true }));
    } else {
      actions.push({
        name: `${shard} commits ${describe(packet)}`,
        change: (next) => {
          const receiver = next.receivers[shard]!;
          next.streams[shard].shift();
          take(rules, next, shard, packet);
          receiver.hasRelayed = false;
          if (!rules.relayFirst && foreign.runs.length > 0) receiver.owes = [foreign];
        },
      });
    }
  }
  for (const owed of me.owes) actions.push(relay(owed, { owes: [] }));
  if (state.faults > 0 && (me.hasRelayed || me.owes.length > 0)) {
    actions.push({
      name: `${shard}'s container dies`,
      change: (next) => {
        next.faults--;
        Object.assign(next.receivers[shard]!, { hasRelayed: false, owes: [] });
      },
    });
  }
  return actions;
};

/** A child begins with what its parent had when that was at its end: the hand-over model says how that is sure. */
const adoption = ({ isSplit, streams, receivers }: ChannelState, shard: ShardName): Action<ChannelState>[] => {
  if (!isSplit || streams.X.length > 0 || receivers.X?.owes.length !== 0) return [];
  const { from, to } = owned[shard];
  return [
    {
      name: `${shard} begins with what X had`,
      change: (next) => {
        const { marks, held } = next.receivers.X!;
        const inRange = held.map(({ n, runs }) => ({ n, runs: intersect(runs, from, to) }));
        next.receivers[shard] = {
          marks,
          held: inRange.filter(({ runs }) => runs.length > 0),
          hasRelayed: false,
          owes: [],
        };
      },
    },
  ];
};

const foreignRuns = ({ runs }: Packet, shard: ShardName): CoveredRun[] => [
  ...intersect(runs, 0, owned[shard].from - 1),
  ...intersect(runs, owned[shard].to + 1, partitions - 1),
];

/** The packet, and what has waited for it, in one commit. */
const take = (rules: ChannelRules, state: ChannelState, shard: ShardName, packet: Packet): void => {
  const me = state.receivers[shard]!;
  const mine = { n: packet.n, runs: intersect(packet.runs, owned[shard].from, owned[shard].to) };
  for (let waiting = [...me.held, mine], progress = true; progress; waiting = me.held) {
    progress = false;
    me.held = [];
    for (const { n, runs } of waiting) {
      for (const { run, action } of runs.flatMap((candidate) => judge(rules, me, shard, n, candidate))) {
        if (action === 'hold') me.held.push({ n, runs: [run] });
        if (action !== 'apply') continue;
        for (let lp = run.from; lp <= run.to; lp++) {
          me.marks[lp] = n;
          state.applied[lp]!.push(n);
        }
        progress = true;
      }
    }
  }
};

const judge = (rules: ChannelRules, me: Receiver, shard: ShardName, n: number, run: CoveredRun): RunVerdict[] => {
  const verdicts = engineVerdicts(me, shard, n, run);
  if (rules.verdicts === 'by number') {
    return verdicts.map((v) => ({ run: v.run, action: v.action === 'hold' ? 'apply' : v.action }));
  }
  if (rules.verdicts === 'never wait') {
    return verdicts.map((v) => ({ run: v.run, action: v.action === 'hold' ? 'drop' : v.action }));
  }
  return verdicts;
};

const known = new Map<string, RunVerdict[]>();

/** What all marks and packets here have in common. */
const mark = { producer: 'producer', watermarkMs: 0, excluded: false, status: 'active' } as const;

/** What the engine says, asked once for each question. */
const engineVerdicts = (me: Receiver, shard: ShardName, n: number, run: CoveredRun): RunVerdict[] =>
  getOrAdd(known, JSON.stringify([me.marks, shard, n, run]), () => {
    const marks = new Marks(['producer'], owned[shard], partitions);
    me.marks.forEach((applied, lp) => {
      marks.apply({ ...mark, from: lp, to: lp, n: applied });
    });
    const packet = { ...mark, n, epoch: 1, runs: [run], rows: [], children: [] };
    return new Channel(marks).judge(packet, run);
  });
