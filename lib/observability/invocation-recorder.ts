/** What one invocation did, in numbers. No payloads, no keys: it goes to logs and metrics. */
export interface InvocationFacts {
  readonly commits: number;
  /** The last commit's number; `undefined` where nothing was committed. */
  readonly n: number | undefined;
  /** Records that are in these commits. */
  readonly records: number;
  readonly payloadBytes: number;
  /** Of the last commit, event time. */
  readonly watermarkMs: number | undefined;
  /** Commits that another container made first. */
  readonly lostRaces: number;
  /** Heads whose outputs were sent again, because it was not known that they had been. */
  readonly republished: number;
  /** How many records, panes and timers were quarantined, by `operator/code`. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Of a keyed stage: what waits in its state on this shard when the invocation ends. */
  readonly waiting: WaitingSeen | undefined;
  /** Rows that at-most-once delivery gave up, by sink. */
  readonly unsent: Readonly<Record<string, number>>;
  readonly loads: number;
  readonly snapshots: number;
}

interface CommitSeen {
  readonly n: number;
  readonly recordCount: number;
  readonly payloadBytes: number;
  readonly watermarkMs: number;
}

/** Runs of packets that wait for earlier ones; keys that wait for a quarantined row or pane, and the rows behind them. */
export interface WaitingSeen {
  readonly heldRuns: number;
  readonly parkedKeys: number;
  readonly parkedRows: number;
}

interface RejectionSeen {
  readonly operator: string;
  readonly code: string;
}

const nothing: InvocationFacts = {
  commits: 0,
  n: undefined,
  records: 0,
  payloadBytes: 0,
  watermarkMs: undefined,
  lostRaces: 0,
  republished: 0,
  rejected: {},
  waiting: undefined,
  unsent: {},
  loads: 0,
  snapshots: 0,
};

/**
 * A `RuntimeObserver` that adds up what happens in an invocation. A container has one at a time.
 *
 * @example
 * recorder.begin();
 * await stage.processBatch(shardId, records, deadline);
 * log(recorder.facts);
 */
export class InvocationRecorder {
  readonly #onStep: ((step: string, unit: string) => void) | undefined;
  #facts = nothing;

  /** @param onStep told each point of the protocol that is passed */
  constructor(onStep?: (step: string, unit: string) => void) {
    this.#onStep = onStep;
  }

  get facts(): InvocationFacts {
    return this.#facts;
  }

  begin(): void {
    this.#facts = nothing;
  }

  committed({ n, recordCount, payloadBytes, watermarkMs }: CommitSeen): void {
    const facts = this.#facts;
    this.#facts = {
      ...facts,
      commits: facts.commits + 1,
      n,
      records: facts.records + recordCount,
      payloadBytes: facts.payloadBytes + payloadBytes,
      watermarkMs,
    };
  }

  lostRace(): void {
    this.#add('lostRaces');
  }

  rejected(_unit: string, { operator, code }: RejectionSeen): void {
    const name = `${operator}/${code}`;
    const { rejected } = this.#facts;
    this.#facts = { ...this.#facts, rejected: { ...rejected, [name]: (rejected[name] ?? 0) + 1 } };
  }

  loaded(): void {
    this.#add('loads');
  }

  snapshot(): void {
    this.#add('snapshots');
  }

  republished(): void {
    this.#add('republished');
  }

  waiting(_unit: string, { heldRuns, parkedKeys, parkedRows }: WaitingSeen): void {
    this.#facts = { ...this.#facts, waiting: { heldRuns, parkedKeys, parkedRows } };
  }

  unsent(_unit: string, sink: string, rows: number): void {
    const { unsent } = this.#facts;
    this.#facts = { ...this.#facts, unsent: { ...unsent, [sink]: (unsent[sink] ?? 0) + rows } };
  }

  step(step: string, unit: string): void {
    this.#onStep?.(step, unit);
  }

  #add(name: 'lostRaces' | 'loads' | 'snapshots' | 'republished'): void {
    this.#facts = { ...this.#facts, [name]: this.#facts[name] + 1 };
  }
}
