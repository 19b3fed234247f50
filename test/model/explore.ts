/** Something that may happen in a state: a name for the trace, and the change, which is made to a copy. */
export interface Action<S> {
  readonly name: string;
  readonly change: (state: S) => void;
}

/** A protocol as a program that can be tried out whole. States are plain JSON. */
export interface Model<S> {
  readonly start: S;
  /** Everything that may happen next, in whatever order: containers freeze by not being chosen. */
  actions(state: S): Action<S>[];
  /** What holds in every state, under the name that a counterexample shows. */
  readonly invariants: Readonly<Record<string, (state: S) => boolean>>;
  /** All work is done. From every state this must stay reachable: otherwise something is lost or stands still. */
  isDone(state: S): boolean;
}

export interface Counterexample<S> {
  readonly broken: string;
  readonly trace: readonly string[];
  /** Where the end cannot be reached any more: what may follow, until nothing more can happen. */
  readonly afterwards: readonly string[];
  readonly state: S;
}

export interface Exploration<S> {
  readonly states: number;
  readonly counterexample: Counterexample<S> | undefined;
}

/** The name under which a state from which the end cannot be reached is reported. */
export const endReachable = 'from every state the end can be reached';

/**
 * Visits every reachable state, nearest first, so that the counterexample is a shortest one.
 *
 * @param only look at this one invariant, to ask how long it takes to break it
 */
export const explore = <S>(model: Model<S>, only?: string): Exploration<S> => {
  const invariants = Object.entries(model.invariants).filter(([name]) => only === undefined || name === only);
  const graph = new Graph(JSON.stringify(model.start));
  const done: number[] = [];
  for (let at = 0; at < graph.states.length; at++) {
    const text = graph.states[at]!;
    const state: S = JSON.parse(text);
    const broken = invariants.find(([, holds]) => !holds(state));
    if (broken !== undefined) return graph.counterexample(at, broken[0]);
    if (model.isDone(state)) done.push(at);
    for (const { name, change } of model.actions(state)) {
      const next: S = JSON.parse(text);
      change(next);
      graph.link(at, name, JSON.stringify(next));
    }
  }
  const stuck = only === undefined || only === endReachable ? graph.firstThatReachesNone(done) : undefined;
  if (stuck !== undefined) return graph.counterexample(stuck, endReachable, model);
  return { states: graph.states.length, counterexample: undefined };
};

/** States in the order in which they were found, each with the step that first led to it and all states before it. */
class Graph {
  readonly states: string[];
  readonly #index: Map<string, number>;
  readonly #via: { readonly from: number; readonly name: string }[] = [{ from: -1, name: '' }];
  readonly #before: number[][] = [[]];

  constructor(start: string) {
    this.states = [start];
    this.#index = new Map([[start, 0]]);
  }

  link(from: number, name: string, to: string): void {
    let index = this.#index.get(to);
    if (index === undefined) {
      index = this.states.push(to) - 1;
      this.#index.set(to, index);
      this.#via.push({ from, name });
      this.#before.push([]);
    }
    this.#before[index]!.push(from);
  }

  firstThatReachesNone(goals: readonly number[]): number | undefined {
    const reaches = new Uint8Array(this.states.length);
    const left = [...goals];
    for (const goal of goals) reaches[goal] = 1;
    for (let at = left.pop(); at !== undefined; at = left.pop()) {
      for (const before of this.#before[at]!) {
        if (reaches[before] === 1) continue;
        reaches[before] = 1;
        left.push(before);
      }
    }
    const first = reaches.indexOf(0);
    return first < 0 ? undefined : first;
  }

  counterexample<S>(at: number, broken: string, goesOn?: Model<S>): Exploration<S> {
    const trace: string[] = [];
    for (let i = at; i > 0; i = this.#via[i]!.from) trace.unshift(this.#via[i]!.name);
    const state: S = JSON.parse(this.states[at]!);
    const afterwards = goesOn === undefined ? [] : runOn(goesOn, state);
    return { states: this.states.length, counterexample: { broken, trace, afterwards, state } };
  }
}

const afterwardsAtMost = 40;

const runOn = <S>(model: Model<S>, state: S): string[] => {
  const names: string[] = [];
  while (names.length < afterwardsAtMost) {
    const [action] = model.actions(state);
    if (action === undefined) return names;
    action.change(state);
    names.push(action.name);
  }
  return names;
};

/** For people: what was broken, the steps to it, one a line, and where they led. */
export const renderCounterexample = <S>({ broken, trace, afterwards, state }: Counterexample<S>): string =>
  [
    `broken after ${trace.length} steps: ${broken}`,
    ...trace.map((step, i) => `${String(i + 1).padStart(3)}. ${step}`),
    ...(afterwards.length === 0 ? [] : ['  now whatever follows does not help, for instance:']),
    ...afterwards.map((step) => `     ${step}`),
    `  → ${JSON.stringify(state)}`,
  ].join('\n');
