import { readJob } from '../../commit/job.ts';
import type { SinkWriter } from '../../connectors/sink-port.ts';
import { systemClock } from '../../core/clock.ts';
import { systemRandom } from '../../core/random.ts';
import { MillraceError } from '../../errors/millrace-error.ts';
import type { Pipeline } from '../../graph/pipeline.ts';
import { listQuarantine } from '../../runtime/quarantine.ts';
import { LocalJob } from '../local-job.ts';
import type { SourceInput } from './check-inputs.ts';
import { maxLineBytes, readJsonl } from './jsonl-input.ts';
import { LineIndex } from './line-index.ts';
import { inFileOrder, type QuarantinedLine, quarantined, quarantinedAsTooLong } from './quarantine-file.ts';
import { type RunEngine, reading, streamsOf } from './run-engine.ts';
import type { BoundedRunOptions } from './run-options.ts';
import type { Line } from './split-lines.ts';

/** Stream records in a batch: larger ones make fewer commits, each with more to keep in memory. */
const batchSize = 2_000;
/** How much of an input is put before it is processed. The Kinesis engine is much slower with larger turns. */
const turnBytes = 256 * 1024;
const tries = 5;
const firstBackoffMs = 100;
/** After the end of its input a source has nothing more to wait for. */
const endOfTime = Number.MAX_SAFE_INTEGER;

interface OpenInput extends SourceInput {
  readonly lines: AsyncIterator<readonly Line[]>;
}

/** One run: puts lines into the sources' streams and lets the job process them, in turns, until the inputs end. */
export class BoundedRun {
  readonly #pipeline: Pipeline;
  readonly #engine: RunEngine;
  readonly #options: BoundedRunOptions;
  readonly #inputs: readonly SourceInput[];
  readonly #job: LocalJob;
  readonly #streams: ReadonlyMap<string, string>;
  readonly #index = new LineIndex();
  readonly #tooLong: QuarantinedLine[] = [];
  readonly records = new Map<string, number>();
  #rejected = 0;
  #bytesRead = 0;

  constructor(
    pipeline: Pipeline,
    engine: RunEngine,
    sinks: ReadonlyMap<string, SinkWriter>,
    inputs: readonly SourceInput[],
    options: BoundedRunOptions,
  ) {
    this.#pipeline = reading(pipeline, engine.packed);
    this.#engine = engine;
    this.#options = options;
    this.#inputs = inputs;
    this.#streams = streamsOf(this.#pipeline);
    const { maxRejectedFraction: maxFraction } = options;
    this.#job = new LocalJob({
      pipeline: this.#pipeline,
      batchSize,
      // There is nobody to redrive what would wait at the end of a run.
      quarantine: { afterRejection: 'continue', ...(maxFraction === undefined ? {} : { maxFraction }) },
      ports: {
        items: engine.items,
        streams: engine.streams,
        sinks,
        clock: systemClock,
        random: systemRandom,
        observer: {
          rejected: (_unit, rejection) => {
            this.#rejected++;
            this.#index.keep(rejection);
          },
        },
      },
    });
    for (const { source } of inputs) this.records.set(source.id, 0);
  }

  /** Reads all inputs to their ends and fires what is left. */
  async run(): Promise<void> {
    const { stages } = this.#pipeline.plan;
    await this.#engine.createStreams(
      stages.map(({ input }) => input.stream),
      this.#options.shards ?? 1,
    );
    await this.#job.start();
    let open = this.#inputs.map((input): OpenInput => ({ ...input, lines: this.#linesOf(input) }));
    try {
      while (open.length > 0) open = await this.#turn(open);
    } finally {
      await Promise.all(open.map(({ lines }) => lines.return?.()));
    }
  }

  /** Everything that was rejected, in the order of files and lines. */
  async quarantine(): Promise<readonly QuarantinedLine[]> {
    const files = new Map(this.#inputs.map(({ source, file }) => [source.id, file.name]));
    const entries = [...this.#tooLong];
    const job = await readJob(this.#engine.items, this.#pipeline.name, 1);
    if (job !== undefined) {
      for await (const rejection of listQuarantine(this.#engine, job)) {
        entries.push(quarantined(rejection, files, this.#index));
      }
    }
    return inFileOrder(entries, [...files.values()]);
  }

  #linesOf({ source, file }: SourceInput): AsyncIterator<readonly Line[]> {
    return readJsonl(source, file, (count) => {
      this.#bytesRead += count;
    });
  }

  /** A part of each input; all of it is processed before the next is read, so no input has to fit into memory. */
  async #turn(open: readonly OpenInput[]): Promise<OpenInput[]> {
    const left: OpenInput[] = [];
    for (const input of open) {
      this.#options.signal?.throwIfAborted();
      const lines = await this.#nextPart(input);
      if (lines.length === 0) {
        await this.#persistently(() => this.#job.advanceWatermark(endOfTime, input.source.id));
      } else {
        await this.#put(input, lines);
        left.push(input);
      }
    }
    await this.#persistently(() => this.#job.drain());
    this.#forget();
    this.#report();
    return left;
  }

  /** Empty at the end of the input. */
  async #nextPart({ lines }: OpenInput): Promise<readonly Line[]> {
    const part: Line[] = [];
    for (let bytes = 0; bytes < turnBytes; ) {
      const { done, value } = await lines.next();
      if (done === true) break;
      for (const line of value) {
        part.push(line);
        bytes += line.data.length;
      }
    }
    return part;
  }

  async #put({ source, file }: OpenInput, lines: readonly Line[]): Promise<void> {
    const fitting = lines.filter(({ sizeBytes }) => sizeBytes <= maxLineBytes);
    if (fitting.length < lines.length) {
      const long = lines.filter(({ sizeBytes }) => sizeBytes > maxLineBytes);
      this.#tooLong.push(...long.map((line) => quarantinedAsTooLong(source.id, file.name, line)));
      this.#rejected += long.length;
    }
    const packed = this.#engine.pack(fitting);
    const stream = this.#streams.get(source.id) as string;
    const outcomes = await this.#engine.streams.putRecords(
      stream,
      packed.map(({ entry }) => entry),
    );
    const refused = outcomes.find((outcome) => !outcome.ok);
    // Putting it again would put it behind its successors, or twice.
    if (refused?.ok === false) throw refusedPut(stream, refused.code);
    this.#index.add(source.id, packed, outcomes);
    this.records.set(source.id, (this.records.get(source.id) ?? 0) + lines.length);
  }

  /** An engine's passing failure need not end a long run: the job goes on from what it has committed. */
  async #persistently(work: () => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        // Ctrl-C in a terminal reaches the engines' processes, too.
        this.#options.signal?.throwIfAborted();
        if (attempt === tries || !(error instanceof MillraceError && error.retryable)) throw error;
        await systemClock.sleep(firstBackoffMs * 2 ** attempt);
      }
    }
  }

  #forget(): void {
    this.#engine.forget();
    // A record of an engine may be rejected by a commit whose answer was lost: then only the listing at the end tells.
    if (!this.#engine.packed) this.#index.forget();
  }

  #report(): void {
    const sizes = this.#inputs.map(({ file }) => file.sizeBytes);
    this.#options.onProgress?.({
      records: [...this.records.values()].reduce((sum, count) => sum + count, 0),
      rejected: this.#rejected,
      bytesRead: this.#bytesRead,
      bytesTotal: sizes.includes(undefined) ? undefined : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0),
    });
  }
}

const refusedPut = (stream: string, code: string): MillraceError =>
  new MillraceError('retryable', 'STREAM_UNAVAILABLE', `Stream '${stream}' of the engine refused a record: ${code}.`, {
    fix: 'Run it again, or on the memory engine.',
  });
