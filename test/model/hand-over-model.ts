import type { MarkChange } from '../../lib/commit/commit.ts';
import { Marks } from '../../lib/commit/marks.ts';
import { getOrAdd } from '../../lib/core/get-or-add.ts';
import { Channel } from '../../lib/runtime/channel.ts';
import { MIN_WATERMARK_MS } from '../../lib/time/watermark-strategy.ts';
import type { Action, Model } from './explore.ts';

/**
 * Shards that end and shards that begin (ADR 9): two containers process a source stream whose `lineage` splits or merges,
 * and a receiver reads what they send. That a log is fenced is taken from the ring model, so an append says which number
 * it follows; the channel is worse than that of the channel model: whatever was sent may be read at any time, in any
 * order and again. A record is its event time; no record is late when it is written, so none may be late anywhere. What
 * the receiver makes of seals, of their children and of watermarks is the engine's own code.
 */
export interface HandOverState {
  logs: Record<string, Log | null>;
  /** The commits that were sent, by shard. */
  sent: Record<string, number[]>;
  containers: Container[];
  receiver: Receiver;
  ticks: number;
  /** For the invariants only. */
  applied: [shard: string, record: number][];
  wrong: ('content' | 'late' | 'fell' | 'empty')[];
}

interface Log {
  /** The number before the first commit. */
  base: number;
  commits: Commit[];
  /** Records in committed state. */
  position: number;
  /** What the child's first state was made from: parents as they were. */
  inherits: { shard: string; n: number }[];
  baseWatermark: number;
  /** What it held is gone. */
  collected: boolean;
}

interface Commit {
  kind: 'batch' | 'tick' | 'seal';
  records: number[];
  watermark: number;
}

/** A container with a task in hand. It gives up or freezes by doing something else, or nothing. */
interface Container {
  task: string | null;
  /** The head it knows. */
  n: number;
  doing: 'nothing' | 'must publish' | 'may commit' | 'reads parents' | 'seals' | 'publishes seal';
  /** Parents that are done, with the head under which each was looked at. */
  parents: { shard: string; n: number }[];
}

interface Receiver {
  /** Of all producers that it knows, on its one partition. */
  marks: MarkChange[];
  watermark: number;
}

export interface Shard {
  readonly parents: readonly string[];
  /** Event times. */
  readonly records: readonly number[];
}

export interface HandOverRules {
  readonly lineage: Readonly<Record<string, Shard>>;
  readonly ticks: number;
  /** A child looks whether its parents are read to their ends. */
  readonly drains: boolean;
  /** … and ends their logs with a SEAL, under the same condition as every commit. */
  readonly seals: 'fenced' | 'unfenced' | 'not';
  readonly base: 'largest seal' | 'zero';
  readonly childWatermark: 'least' | 'largest';
  /** A seal tells receivers of the children, which hold the watermark from then on. */
  readonly unborn: boolean;
  /** Packets of producers that are unknown or unborn wait. */
  readonly waits: boolean;
  /** When what a sealed log held is deleted. Its numbers stay. */
  readonly collects: 'never' | 'when all children have begun' | 'when a child has begun';
}

/** One shard becomes two. */
export const split = {
  P: { parents: [], records: [1] },
  L: { parents: ['P'], records: [2] },
  H: { parents: ['P'], records: [] },
} satisfies HandOverRules['lineage'];

/** A fast shard and a slow one become one. */
export const merge = {
  F: { parents: [], records: [8] },
  S: { parents: [], records: [1] },
  C: { parents: ['F', 'S'], records: [2, 3] },
} satisfies HandOverRules['lineage'];

export const handOverRules: HandOverRules = {
  lineage: split,
  ticks: 1,
  drains: true,
  seals: 'fenced',
  base: 'largest seal',
  childWatermark: 'least',
  unborn: true,
  waits: true,
  collects: 'never',
};

export const handOverModel = (rules: HandOverRules): Model<HandOverState> => {
  const shards = Object.keys(rules.lineage);
  const roots = shards.filter((shard) => rules.lineage[shard]!.parents.length === 0);
  const each = <T>(names: readonly string[], value: (shard: string) => T): Record<string, T> =>
    Object.fromEntries(names.map((shard) => [shard, value(shard)]));
  return {
    start: {
      logs: each(shards, (shard) => (roots.includes(shard) ? newLog(0, MIN_WATERMARK_MS, []) : null)),
      sent: each(shards, () => []),
      containers: [newContainer(), newContainer()],
      receiver: { marks: [], watermark: MIN_WATERMARK_MS },
      ticks: rules.ticks,
      applied: [],
      wrong: [],
    },

    actions: (state) => [
      ...state.containers.flatMap((_, i) => containerActions(rules, state, i)),
      ...shards.flatMap((shard) => receiverActions(rules, state, shard)),
      ...shards.filter((shard) => mayCollect(rules, state, shard)).map((shard) => collect(shard)),
    ],

    invariants: {
      'invariant 1: one content for each number': ({ wrong }) => !wrong.includes('content'),
      'invariant 1: n never falls along a lineage': ({ logs }) =>
        shards.every((shard) => rules.lineage[shard]!.parents.every((parent) => notBelow(logs[shard], logs[parent]))),
      'invariant 2: a log is sealed when every record of its shard is in it': ({ logs }) =>
        shards.every(
          (s) => logs[s] == null || !isSealed(logs[s]) || logs[s].position === rules.lineage[s]!.records.length,
        ),
      'invariant 5: nothing is committed to a log after a child has taken it over': ({ logs }) =>
        shards.every((shard) => (logs[shard]?.inherits ?? []).every((from) => head(logs[from.shard]!) === from.n)),
      'invariant 4: rows are applied once, and those of parents before those of their children': ({ applied }) =>
        applied.every(([shard, record], i) => followsAll(rules, applied.slice(0, i), shard, record)),
      'invariant 6: no record is late': ({ wrong }) => !wrong.includes('late'),
      'invariant 6: watermarks never fall': ({ wrong }) => !wrong.includes('fell'),
      'invariant 7: no child begins with what a collected parent has left': ({ wrong }) => !wrong.includes('empty'),
    },

    isDone: ({ applied }) => applied.length === shards.reduce((sum, s) => sum + rules.lineage[s]!.records.length, 0),
  };
};

const newContainer = (): Container => ({ task: null, n: 0, doing: 'nothing', parents: [] });

const newLog = (base: number, baseWatermark: number, inherits: Log['inherits']): Log => ({
  base,
  commits: [],
  position: 0,
  inherits,
  baseWatermark,
  collected: false,
});

const head = ({ base, commits }: Log): number => base + commits.length;

const watermarkOf = ({ commits, baseWatermark }: Log): number => commits.at(-1)?.watermark ?? baseWatermark;

const isSealed = ({ commits }: Log): boolean => commits.at(-1)?.kind === 'seal';

const notBelow = (child: Log | null | undefined, parent: Log | null | undefined): boolean =>
  child == null || parent == null || child.base >= head(parent);

const followsAll = ({ lineage }: HandOverRules, before: HandOverState['applied'], shard: string, record: number) => {
  const earlier = (of: string, records: readonly number[]) =>
    records.every((r) => before.some(([s, b]) => s === of && b === r));
  const { parents, records } = lineage[shard]!;
  const mine = before.filter(([s]) => s === shard).map(([, r]) => r);
  return records[mine.length] === record && parents.every((parent) => earlier(parent, lineage[parent]!.records));
};

const containerActions = (rules: HandOverRules, state: HandOverState, i: number): Action<HandOverState>[] => {
  const me = state.containers[i]!;
  const act = (what: string, change: (state: HandOverState, me: Container) => void): Action<HandOverState> => ({
    name: `${'AB'[i]} ${what}`,
    change: (next) => change(next, next.containers[i]!),
  });
  const actions: Action<HandOverState>[] = [];
  if (me.task === null) {
    for (const [shard, { parents }] of Object.entries(rules.lineage)) {
      const log = state.logs[shard];
      if (log == null) {
        if (parents.every((parent) => state.logs[parent] != null)) {
          actions.push(act(`is given ${shard}`, (_, c) => Object.assign(c, { task: shard, doing: 'reads parents' })));
        }
      } else if (!isSealed(log)) {
        actions.push(
          act(`is given ${shard} and reads its head, ${head(log)}`, (_, c) =>
            Object.assign(c, {
              task: shard,
              n: head(log),
              doing: head(log) === log.base ? 'may commit' : 'must publish',
            }),
          ),
        );
      }
    }
    return actions;
  }
  if (me.doing === 'must publish') {
    actions.push(
      act(`publishes commit ${me.n} of ${me.task}`, (next, c) => {
        publish(next, me.task!, me.n);
        c.doing = 'may commit';
      }),
    );
  }
  if (me.doing === 'may commit') actions.push(...commitActions(rules, state, me, act));
  if (['reads parents', 'seals', 'publishes seal'].includes(me.doing)) actions.push(childStep(rules, state, me, act));
  // To give up is always allowed: whatever it had in hand is forgotten.
  actions.push(act('gives up', (_, c) => Object.assign(c, newContainer())));
  return actions;
};

const mayCollect = ({ collects, lineage }: HandOverRules, { logs }: HandOverState, shard: string): boolean => {
  const log = logs[shard];
  if (collects === 'never' || log == null || log.collected || !isSealed(log)) return false;
  const begun = Object.entries(lineage)
    .filter(([, { parents }]) => parents.includes(shard))
    .map(([child]) => logs[child] != null);
  return collects === 'when a child has begun' ? begun.includes(true) : !begun.includes(false);
};

/** By anybody, at any time. */
const collect = (shard: string): Action<HandOverState> => ({
  name: `what ${shard} held is deleted`,
  change: (next) => {
    next.logs[shard]!.collected = true;
  },
});

type Act = (what: string, change: (state: HandOverState, me: Container) => void) => Action<HandOverState>;

const commitActions = (
  rules: HandOverRules,
  state: HandOverState,
  me: Container,
  act: Act,
): Action<HandOverState>[] => {
  const shard = me.task!;
  const log = state.logs[shard]!;
  const commit = (what: string, made: Commit, records: number): Action<HandOverState> =>
    act(`commits ${what} of ${shard} as ${me.n + 1}`, (next, c) => {
      if (!append(next, shard, me.n, made)) Object.assign(c, newContainer());
      else {
        next.logs[shard]!.position += records;
        Object.assign(c, { n: me.n + 1, doing: 'must publish' });
      }
    });
  const actions: Action<HandOverState>[] = [];
  const record = rules.lineage[shard]!.records[log.position];
  if (record !== undefined) {
    const watermark = Math.max(watermarkOf(log), record);
    actions.push(commit(`record ${record}`, { kind: 'batch', records: [record], watermark }, 1));
  }
  if (state.ticks > 0 && rules.lineage[shard]!.parents.length === 0) {
    const tick = commit('a tick', { kind: 'tick', records: [], watermark: watermarkOf(log) }, 0);
    actions.push({
      ...tick,
      change: (next) => {
        next.ticks--;
        tick.change(next);
      },
    });
  }
  return actions;
};

/** The put's condition: the head is still the one that was read. */
const append = (state: HandOverState, shard: string, n: number, commit: Commit, fenced = true): boolean => {
  const log = state.logs[shard]!;
  if (head(log) === n) {
    log.commits.push(commit);
    return true;
  }
  if (fenced) return false;
  log.commits[n - log.base] = commit;
  goWrong(state, 'content');
  return true;
};

const goWrong = (state: HandOverState, how: HandOverState['wrong'][number]): void => {
  if (!state.wrong.includes(how)) state.wrong.push(how);
};

const publish = (state: HandOverState, shard: string, n: number): void => {
  const sent = state.sent[shard]!;
  if (!sent.includes(n)) state.sent[shard] = [...sent, n].sort((a, b) => a - b);
};

/** Parent by parent: drained? publish its head; append SEAL; publish SEAL. Then the child's own log. */
const childStep = (rules: HandOverRules, state: HandOverState, me: Container, act: Act): Action<HandOverState> => {
  const child = me.task!;
  const { parents } = rules.lineage[child]!;
  const parent = parents[me.parents.length];
  if (parent === undefined) {
    return act(`makes the log of ${child}`, (next, c) => {
      // What it read of its parents may be gone since; then the log is there, or it begins with nothing.
      if (next.logs[child] == null && parents.some((of) => next.logs[of]!.collected)) goWrong(next, 'empty');
      next.logs[child] ??= genesis(rules, next, me.parents);
      Object.assign(c, newContainer());
    });
  }
  const log = state.logs[parent]!;
  if (me.doing === 'reads parents') {
    return act(`looks whether ${parent} is read to its end`, (next, c) => {
      if (rules.drains && log.position < rules.lineage[parent]!.records.length) Object.assign(c, newContainer());
      else if (rules.seals === 'not') c.parents.push({ shard: parent, n: head(log) });
      else {
        if (head(log) > log.base) publish(next, parent, head(log));
        Object.assign(c, { n: head(log), doing: isSealed(log) ? 'publishes seal' : 'seals' });
      }
    });
  }
  if (me.doing === 'seals') {
    return act(`seals ${parent} with ${me.n + 1}`, (next, c) => {
      const seal: Commit = { kind: 'seal', records: [], watermark: watermarkOf(log) };
      if (!append(next, parent, me.n, seal, rules.seals === 'fenced')) Object.assign(c, newContainer());
      else Object.assign(c, { n: me.n + 1, doing: 'publishes seal' });
    });
  }
  return act(`publishes the seal of ${parent}`, (next, c) => {
    publish(next, parent, me.n);
    Object.assign(c, { parents: [...me.parents, { shard: parent, n: me.n }], doing: 'reads parents' });
  });
};

const genesis = (rules: HandOverRules, state: HandOverState, from: Log['inherits']): Log => {
  const watermarks = from.map(({ shard }) => watermarkOf(state.logs[shard]!));
  const watermark = rules.childWatermark === 'least' ? Math.min(...watermarks) : Math.max(...watermarks);
  return newLog(rules.base === 'zero' ? 0 : Math.max(...from.map(({ n }) => n)), watermark, from);
};

const receiverActions = (rules: HandOverRules, state: HandOverState, shard: string): Action<HandOverState>[] => {
  const log = state.logs[shard];
  if (log == null) return [];
  return state.sent[shard]!.flatMap((n) => {
    const { kind, records, watermark } = log.commits[n - log.base - 1]!;
    const next = receive(rules, state.receiver, { shard, n, watermark, isSeal: kind === 'seal' });
    if (next === undefined) return [];
    return {
      name: `the receiver applies commit ${n} of ${shard}`,
      change: (draft: HandOverState) => {
        for (const record of records) {
          if (record < draft.receiver.watermark) goWrong(draft, 'late');
          draft.applied.push([shard, record]);
        }
        if (next.watermark < draft.receiver.watermark) goWrong(draft, 'fell');
        draft.receiver = next;
      },
    };
  });
};

interface Arrival {
  readonly shard: string;
  readonly n: number;
  readonly watermark: number;
  readonly isSeal: boolean;
}

const partition = { from: 0, to: 0 };
const received = new Map<string, Receiver | undefined>();

/** Undefined where it waits, or was applied before. Asked once for each question. */
const receive = (rules: HandOverRules, receiver: Receiver, arrival: Arrival): Receiver | undefined =>
  getOrAdd(received, JSON.stringify([rules, receiver, arrival]), () => {
    const { shard, n, watermark, isSeal } = arrival;
    const unit = (of: string) => `stage/${of}`;
    const shards = Object.entries(rules.lineage);
    // The roster at genesis: every producer there is, each of which holds the watermark.
    const roster = shards.filter(([, { parents }]) => parents.length === 0).map(([root]) => unit(root));
    const marks = new Marks(roster, partition, 1);
    for (const mark of receiver.marks) marks.apply(mark);
    const packet = {
      producer: unit(shard),
      n,
      watermarkMs: watermark,
      excluded: false,
      epoch: 1,
      runs: [],
      rows: [],
      children: shards
        .filter(([, { parents }]) => isSeal && parents.includes(shard))
        .map(([child, { parents }]) => ({ unit: unit(child), parents: parents.map(unit) })),
    };
    // Here every commit covers the one partition, so that `prev` is the commit before.
    const run = { ...partition, prev: n - 1 };
    const channel = new Channel(marks);
    const isBorn = ['active', 'sealed'].includes(marks.get(packet.producer)?.statusAt(0) ?? 'unknown');
    const verdict = isBorn || rules.waits ? channel.judge(packet, run)[0]!.action : 'apply';
    if (verdict !== 'apply') return undefined;
    channel.advance(packet, run);
    for (const change of channel.changes) {
      if (rules.unborn || change.producer === packet.producer) marks.apply(change);
    }
    return { marks: marks.toChanges(), watermark: marks.watermarkMs() };
  });
