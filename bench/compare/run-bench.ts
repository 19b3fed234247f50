import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from '../engines/engine.ts';
import { duckDb, plainLoop } from '../engines/engines.ts';
import type { Measured } from '../engines/trial.ts';
import { writeEvents } from '../events/write-events.ts';
import type { BenchProgress } from '../report/progress.ts';
import { type Absence, type ResultRow, type Results, rowOf } from '../report/results.ts';
import type { Work } from '../works/work.ts';
import { type Answer, isSame, readAnswer } from './answers.ts';
import { installPeers, type PeerName } from './install-peers.ts';

export interface BenchOptions {
  readonly events: number;
  readonly seed: number;
  /** How often each engine does each work. */
  readonly rounds: number;
  readonly works: readonly Work[];
  readonly engines: readonly Engine[];
  /** Beside what the engines need. */
  readonly alsoInstall: readonly PeerName[];
}

export interface BenchSurroundings {
  readonly signal: AbortSignal;
  /** @param steps how many there will be */
  readonly startProgress: (steps: number) => BenchProgress;
}

/** What comes before what is measured: a tenth of it. */
const warmUpShare = 0.1;

/**
 * Installs what is missing, makes the events and has each engine do each work, one after the other; then the work's next round.
 * @throws MillraceError `INSTALL_FAILED` (configuration); an engine that fails is in the results
 */
export const runBench = async (
  options: BenchOptions,
  { signal, startProgress }: BenchSurroundings,
): Promise<Results> => {
  const startedAt = new Date().toISOString();
  const { seed, rounds } = options;
  const plan = planOf(options);
  const peers = [...new Set([...options.alsoInstall, ...options.engines.flatMap(({ needs }) => needs)])];
  const sizes = [...new Set(plan.map(({ events }) => events))];
  const progress = startProgress(peers.length + sizes.length + plan.length);
  const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  try {
    const missing = await installPeers(peers, signal, (title) =>
      progress.step(`installing ${title}, unless it is there`),
    );
    for (const events of sizes) {
      progress.step(`making ${events} events`);
      await writeEvents(eventsFile(folder, events), { seed, events }, signal);
      await writeEvents(warmUpFile(folder, events), { seed, events: Math.ceil(events * warmUpShare) }, signal);
    }
    const bench = new Bench(folder, missing, signal);
    for (const trial of plan) {
      progress.step(`${trial.engine.name} · ${trial.work.id}${rounds === 1 ? '' : ` · round ${trial.round}`}`);
      await bench.run(trial);
    }
    const [{ model = 'unknown' } = {}] = cpus();
    const machine = { processor: model.trim(), cores: availableParallelism(), node: process.versions.node };
    return { startedAt, machine, seed, rounds, ...bench.outcome };
  } finally {
    progress.stop();
    await rm(folder, { recursive: true, force: true });
  }
};

const eventsFile = (folder: string, events: number): string => join(folder, `events-${events}.jsonl`);
const warmUpFile = (folder: string, events: number): string => join(folder, `warm-up-${events}.jsonl`);

interface PlannedTrial {
  readonly work: Work;
  readonly engine: Engine;
  readonly events: number;
  /** From 1 on. */
  readonly round: number;
  /** Its rows are what others are compared with; not in the tables unless the engine gets all events. */
  readonly isReference: boolean;
}

/** In each round of a work the loop comes first, with each number of events that somebody at it gets. */
const planOf = ({ works, engines, events, rounds }: BenchOptions): readonly PlannedTrial[] =>
  works.flatMap((work) => {
    const others = engines
      .filter((engine) => engine !== plainLoop && engine.works.includes(work.id))
      .map((engine) => ({ work, engine, events: Math.min(events, engine.mostEvents ?? events), isReference: false }));
    const sizes = [...new Set([events, ...others.map((trial) => trial.events)])];
    const references = sizes.map((size) => ({ work, engine: plainLoop, events: size, isReference: true }));
    return Array.from({ length: rounds }, (_, i) =>
      [...references, ...others].map((trial) => ({ ...trial, round: i + 1 })),
    ).flat();
  });

/** What an engine has done at a work, with a number of events. */
interface Attempt extends Pick<PlannedTrial, 'work' | 'engine' | 'events' | 'isReference'> {
  readonly rounds: Round[];
}

interface Round {
  readonly measured: Measured;
  readonly answer: Answer;
}

/** Runs trials and keeps what comes of them. */
class Bench {
  readonly #folder: string;
  readonly #missing: ReadonlyMap<PeerName, string>;
  readonly #signal: AbortSignal;
  readonly #attempts: Attempt[] = [];
  readonly #skipped = new Map<string, Absence>();
  readonly #failed: Absence[] = [];

  constructor(folder: string, missing: ReadonlyMap<PeerName, string>, signal: AbortSignal) {
    this.#folder = folder;
    this.#missing = missing;
    this.#signal = signal;
  }

  async run({ engine, work, events, isReference, round }: PlannedTrial): Promise<void> {
    const lacks = engine.needs.find((need) => this.#missing.has(need));
    if (lacks !== undefined) {
      this.#skipped.set(engine.name, { engine: engine.name, why: this.#missing.get(lacks) as string });
      return;
    }
    if (round === 1) this.#attempts.push({ engine, work, events, isReference, rounds: [] });
    const attempt = this.#attempts.find((one) => one.engine === engine && one.work === work && one.events === events);
    if (attempt === undefined) return;
    const answerFile = join(this.#folder, 'answer.csv');
    await rm(answerFile, { force: true });
    const files = {
      eventsFile: eventsFile(this.#folder, events),
      warmUpFile: warmUpFile(this.#folder, events),
      answerFile,
    };
    try {
      const measured = await engine.run({ work: work.id, ...files }, this.#signal);
      attempt.rounds.push({ measured, answer: readAnswer(answerFile) });
    } catch (error) {
      this.#signal.throwIfAborted();
      this.#failed.push({ engine: engine.name, work: work.id, why: (error as Error).message });
      // Rounds are compared one by one: who lacks one is not in the tables.
      this.#attempts.splice(this.#attempts.indexOf(attempt), 1);
    }
  }

  get outcome(): Pick<Results, 'rows' | 'skipped' | 'failed'> {
    const most = Math.max(...this.#attempts.map(({ events }) => events));
    const shown = this.#attempts.filter(({ isReference, events }) => !isReference || events === most);
    return { rows: shown.map((one) => this.#rowOf(one)), skipped: [...this.#skipped.values()], failed: this.#failed };
  }

  #rowOf({ work, engine, events, rounds }: Attempt): ResultRow {
    const checker = engine === plainLoop ? duckDb : plainLoop;
    const right = this.#attempts.find((one) => one.work === work && one.events === events && one.engine === checker)
      ?.rounds[0]?.answer;
    const isRight = right === undefined ? null : rounds.every(({ answer }) => isSame(answer, right));
    const measured = rounds.map((round) => round.measured);
    return rowOf(work.id, engine.name, events, measured, isRight);
  }
}
