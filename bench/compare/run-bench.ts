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
  const plan = options.works.map((work) => attemptsAt(work, options));
  const attempts = plan.flat();
  const peers = [...new Set([...options.alsoInstall, ...options.engines.flatMap(({ needs }) => needs)])];
  const sizes = [...new Set(attempts.map(({ events }) => events))];
  const progress = startProgress(peers.length + sizes.length + attempts.length * rounds);
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
    for (const atWork of plan) {
      for (let round = 1; round <= rounds; round++) {
        for (const attempt of atWork) {
          const { engine, work } = attempt;
          progress.step(`${engine.name} · ${work.id}${rounds === 1 ? '' : ` · round ${round}`}`);
          await bench.run(attempt);
        }
      }
    }
    const [{ model = 'unknown' } = {}] = cpus();
    const machine = { processor: model.trim(), cores: availableParallelism(), node: process.versions.node };
    return { startedAt, machine, seed, rounds, ...bench.outcomeOf(attempts) };
  } finally {
    progress.stop();
    await rm(folder, { recursive: true, force: true });
  }
};

const eventsFile = (folder: string, events: number): string => join(folder, `events-${events}.jsonl`);
const warmUpFile = (folder: string, events: number): string => join(folder, `warm-up-${events}.jsonl`);

/** An engine at a work, with a number of events. */
interface Attempt {
  readonly work: Work;
  readonly engine: Engine;
  readonly events: number;
  /** Its rows are what others are compared with; not in the tables unless the engine gets all events. */
  readonly isReference: boolean;
  /** Those that it has done. */
  readonly rounds: Round[];
}

interface Round {
  readonly measured: Measured;
  readonly answer: Answer;
}

/** The loop comes first, with each number of events that somebody gets. */
const attemptsAt = (work: Work, { engines, events }: BenchOptions): readonly Attempt[] => {
  const others = engines
    .filter((engine) => engine !== plainLoop && engine.works.includes(work.id))
    .map((engine) => ({ engine, events: Math.min(events, engine.mostEvents ?? events), isReference: false }));
  const sizes = [...new Set([events, ...others.map((other) => other.events)])];
  const references = sizes.map((size) => ({ engine: plainLoop, events: size, isReference: true }));
  return [...references, ...others].map((one) => ({ ...one, work, rounds: [] }));
};

/** Runs attempts, round by round, and keeps what fails. */
class Bench {
  readonly #folder: string;
  readonly #missing: ReadonlyMap<PeerName, string>;
  readonly #signal: AbortSignal;
  readonly #skipped = new Map<string, Absence>();
  readonly #failed = new Map<Attempt, Absence>();

  constructor(folder: string, missing: ReadonlyMap<PeerName, string>, signal: AbortSignal) {
    this.#folder = folder;
    this.#missing = missing;
    this.#signal = signal;
  }

  async run(attempt: Attempt): Promise<void> {
    const { engine, work, events } = attempt;
    const lacks = engine.needs.find((need) => this.#missing.has(need));
    if (lacks !== undefined) {
      this.#skipped.set(engine.name, { engine: engine.name, why: this.#missing.get(lacks) as string });
      return;
    }
    if (this.#failed.has(attempt)) return;
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
      this.#failed.set(attempt, { engine: engine.name, work: work.id, why: (error as Error).message });
    }
  }

  outcomeOf(attempts: readonly Attempt[]): Pick<Results, 'rows' | 'skipped' | 'failed'> {
    // Rounds are compared one by one: who lacks one is not in the tables.
    const done = attempts.filter((attempt) => attempt.rounds.length > 0 && !this.#failed.has(attempt));
    const most = Math.max(...done.map(({ events }) => events));
    const shown = done.filter(({ isReference, events }) => !isReference || events === most);
    return {
      rows: shown.map((attempt) => rowAmong(done, attempt)),
      skipped: [...this.#skipped.values()],
      failed: [...this.#failed.values()],
    };
  }
}

const rowAmong = (done: readonly Attempt[], { work, engine, events, rounds }: Attempt): ResultRow => {
  const checker = engine === plainLoop ? duckDb : plainLoop;
  const right = done.find((one) => one.work === work && one.events === events && one.engine === checker)?.rounds[0]
    ?.answer;
  const isRight = right === undefined ? null : rounds.every(({ answer }) => isSame(answer, right));
  return rowOf(
    work.id,
    engine.name,
    events,
    rounds.map(({ measured }) => measured),
    isRight,
  );
};
