import { readJob, rootsOf } from '../commit/job.ts';
import { unitName } from '../commit/log-unit.ts';
import type { Shard } from '../connectors/stream-port.ts';
import { checkDuration } from '../core/check-duration.ts';
import { closestName } from '../core/closest-name.ts';
import { describeValue } from '../core/describe-value.ts';
import type { Millis } from '../core/duration.ts';
import type { ErrorCode } from '../errors/codes.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import type { SourceNode } from '../graph/logical-graph.ts';
import type { Pipeline } from '../graph/pipeline.ts';
import { LocalJob } from '../local/local-job.ts';
import type { RedriveSummary } from '../runtime/run-redrive.ts';
import { MAX_WATERMARK_MS, MIN_WATERMARK_MS } from '../time/watermark-strategy.ts';
import { encodeSendable } from './check-sendable.ts';
import { type PipelineTestDriverOptions, readDriverOptions, type SendOptions } from './driver-options.ts';
import { type DriverWorld, makeWorld } from './driver-ports.ts';
import { describeRejection, type RejectedInput } from './rejected-input.ts';

/**
 * Runs a pipeline in this process, on virtual time: the same operators, state and commits as in production, over
 * streams, tables and sinks in memory. Nothing has to be closed.
 *
 * @throws MillraceError `INVALID_OPTION` for options that are wrong or unknown
 *
 * @example
 * const t = createPipelineTestDriver(revenue);
 * await t.send('orders', { id: '1', province: 'ZJ', amountCents: 500, at: 0 });
 * await t.advanceWatermark('orders', minutes(10));
 * expect(t.output('table')).toEqual([{ province: 'ZJ', minute: 0, amountCents: 500, orders: 1 }]);
 */
export const createPipelineTestDriver = (
  pipeline: Pipeline,
  options: PipelineTestDriverOptions = {},
): PipelineTestDriver => new PipelineTestDriver(pipeline, readDriverOptions(options));

/**
 * A pipeline under test. Made by {@link createPipelineTestDriver}. Its actions return when everything that follows from
 * them is processed: await each one before you look at outputs.
 */
export class PipelineTestDriver {
  readonly #pipeline: Pipeline;
  readonly #batchSize: number;
  readonly #world: DriverWorld;
  readonly #shards = new Map<string, readonly Shard[]>();
  #job: LocalJob | undefined;
  /** By source id, the unit names of its tasks. Known once the job is open. */
  #unitsOf: (stage: string) => readonly string[] = () => [];
  #last: Promise<unknown> = Promise.resolve();
  #pending = 0;
  #sent = 0;

  /** @internal */
  constructor(pipeline: Pipeline, options: Required<PipelineTestDriverOptions>) {
    this.#pipeline = pipeline;
    this.#batchSize = options.batchSize;
    this.#world = makeWorld(pipeline, options);
  }

  /**
   * Sends a record to a source, as a producer would, and processes it. An array is several records, in that order;
   * wrap a record that is itself an array.
   *
   * @param value what producers send: plain JSON that the source's schema accepts. Where the schema has codecs, their
   * input (an ISO text, not a `Date`).
   * @throws MillraceError `UNKNOWN_SOURCE`; `INVALID_ARGUMENT` where the schema refuses the value, with the path: then
   * none of the records is sent. What stops a shard in production is thrown as well, `TOO_MANY_REJECTED` for one;
   * as there, the shard then waits, and every further action tries the same records again.
   *
   * @example
   * await t.send('orders', { id: '1', province: 'ZJ', amountCents: 500, at: 0 });
   * await t.send('orders', [first, second], { shard: 1 });
   */
  async send(source: string, value: unknown, options: SendOptions = {}): Promise<void> {
    const node = this.#source(source);
    const records = (Array.isArray(value) ? value : [value]).map((record) => encodeSendable(node, record));
    await this.#put(
      node,
      records.map((text) => Buffer.from(text)),
      options,
    );
  }

  /**
   * Sends bytes to a source without looking at them: to see what happens to records that are not as they should be.
   *
   * @param data bytes, or text that is sent as UTF-8
   * @throws MillraceError `UNKNOWN_SOURCE`, and what stops a shard, as `send` does
   *
   * @example
   * await t.sendRaw('orders', '{"id":');
   * expect(t.quarantine()).toMatchObject([{ code: 'NOT_JSON', operator: 'orders' }]);
   */
  async sendRaw(source: string, data: Uint8Array | string, options: SendOptions = {}): Promise<void> {
    await this.#put(this.#source(source), [Buffer.from(data as Uint8Array)], options);
  }

  /**
   * Moves a source's watermark: says that it sends nothing older any more. Windows whose last instant is at or before
   * it fire. A watermark never moves back: an older one does nothing.
   *
   * @param watermarkMs event time, epoch milliseconds. Durations are fine where a test's event times begin at 0.
   * @throws MillraceError `UNKNOWN_SOURCE`, `INVALID_ARGUMENT`
   *
   * @example
   * await t.advanceWatermark('orders', minutes(10));
   */
  async advanceWatermark(source: string, watermarkMs: number): Promise<void> {
    const { id } = this.#source(source);
    if (!Number.isSafeInteger(watermarkMs)) {
      throw invalidArgument(
        `advanceWatermark: the watermark is ${describeValue(watermarkMs)}; allowed are whole epoch milliseconds.`,
        'Give an event time such as minutes(10); endInput() ends all input.',
      );
    }
    await this.#act((job) => job.advanceWatermark(watermarkMs, id));
  }

  /**
   * Lets time pass, then does what the schedule does in production: shards that have been empty for long enough advance or are
   * excluded, as the source's `idle` option says. Event time does not follow otherwise.
   *
   * @throws MillraceError `INVALID_DURATION`
   *
   * @example
   * await t.advanceTime(minutes(5));
   */
  async advanceTime(duration: Millis): Promise<void> {
    const durationMs = checkDuration('advanceTime', 'duration', duration);
    await this.#act(async (job) => {
      this.#world.clock.advance(durationMs);
      await job.tick();
    });
  }

  /**
   * Ends all input: every watermark goes to its maximum, so all open windows fire. What is sent afterwards is late.
   *
   * @example
   * await t.endInput();
   */
  async endInput(): Promise<void> {
    await this.#act((job) => job.advanceWatermark(MAX_WATERMARK_MS));
  }

  /**
   * Throws all containers away. New ones load what was committed, and are given every record once more from the
   * beginning, as after a mapping was made anew: they have to know what they have processed.
   *
   * @example
   * await t.send('orders', order);
   * await t.restart();
   * await t.endInput();
   * expect(t.output('table')).toHaveLength(1);
   */
  async restart(): Promise<void> {
    await this.#act(async () => {
      this.#job = undefined;
      await (await this.#open()).drain();
    });
  }

  /**
   * Gives everything in quarantine another try, as `millrace redrive` does: once, in order, and what waits behind it after
   * it. What is rejected again is listed by `quarantine()` once more.
   *
   * @param options `releaseOnly`: leave it in quarantine, and only let the keys go on that wait for it
   * @returns how many records went which way
   *
   * @example
   * rates.set('DM', 0.51129);
   * expect(await t.redrive()).toMatchObject({ redriven: 1, rejected: 0 });
   */
  async redrive(options: { readonly releaseOnly?: boolean } = {}): Promise<RedriveSummary> {
    let summary: RedriveSummary | undefined;
    await this.#act(async (job) => {
      summary = await job.redrive(options);
    });
    return summary as RedriveSummary;
  }

  /**
   * What a sink holds now, as its readers see it: encoded by the sink's schema. A table's rows in the order of their
   * key, one for each; the records of a stream in the order in which they were written, without output ids.
   *
   * @throws MillraceError `UNKNOWN_OPERATOR` for an id that is not a sink's; `INVALID_ARGUMENT` while an action is under way
   *
   * @example
   * expect(t.output<Row>('table')[0]?.amountCents).toBe(500);
   */
  output<T = unknown>(sink: string): T[] {
    this.#requireIdle(`output('${sink}')`);
    const values = this.#world.outputs.get(sink);
    if (values === undefined) throw unknownId('UNKNOWN_OPERATOR', 'sink', sink, [...this.#world.outputs.keys()]);
    return [...values()] as T[];
  }

  /**
   * What was rejected so far, in the order of its commits.
   *
   * @throws MillraceError `INVALID_ARGUMENT` while an action is under way
   *
   * @example
   * expect(t.quarantine()).toMatchObject([{ code: 'USER_CODE', operator: 'row', payload: { id: '1' } }]);
   */
  quarantine(): RejectedInput[] {
    this.#requireIdle('quarantine()');
    return this.#world.rejections.map(describeRejection);
  }

  /**
   * How far a source's event time has come: the lowest watermark of its shards, epoch milliseconds. Before a shard has
   * one it is `Number.MIN_SAFE_INTEGER`, after `endInput` it is `Number.MAX_SAFE_INTEGER`.
   *
   * @throws MillraceError `UNKNOWN_SOURCE`; `INVALID_ARGUMENT` while an action is under way
   */
  watermarkMs(source: string): number {
    this.#requireIdle(`watermarkMs('${source}')`);
    const units = this.#unitsOf(this.#source(source).id);
    if (units.length === 0) return MIN_WATERMARK_MS;
    return Math.min(...units.map((unit) => this.#world.watermarks.get(unit) ?? MIN_WATERMARK_MS));
  }

  /** The virtual time, epoch milliseconds. */
  get nowMs(): number {
    return this.#world.clock.nowMs();
  }

  #put(node: SourceNode, records: readonly Uint8Array[], { shard }: SendOptions): Promise<void> {
    return this.#act(async (job) => {
      const shards = await this.#shardsOf(node.spec.stream);
      const target = (i: number): Shard => {
        const found = shards[shard ?? (this.#sent + i) % shards.length];
        if (found !== undefined) return found;
        throw invalidArgument(
          `send: there is no shard ${describeValue(shard)}; stream '${node.spec.stream}' has shards 0 … ${shards.length - 1}.`,
          'Make the driver with more: createPipelineTestDriver(pipeline, { shards: 2 }).',
        );
      };
      const entries = records.map((data, i) => ({
        data,
        partitionKey: String(this.#sent + i),
        explicitHashKey: String(target(i).hashStart),
      }));
      await this.#world.streams.putRecords(node.spec.stream, entries);
      this.#sent += records.length;
      await job.drain();
    });
  }

  async #shardsOf(stream: string): Promise<readonly Shard[]> {
    const known = this.#shards.get(stream) ?? (await this.#world.streams.listShards(stream));
    this.#shards.set(stream, known);
    return known;
  }

  /** One action after the other, whether or not they are awaited. */
  #act(run: (job: LocalJob) => Promise<void>): Promise<void> {
    const action = this.#last.then(async () => {
      try {
        await run(await this.#open());
      } finally {
        this.#pending--;
      }
    });
    this.#pending++;
    this.#last = action.catch(() => undefined);
    return action;
  }

  async #open(): Promise<LocalJob> {
    if (this.#job !== undefined) return this.#job;
    const { ports } = this.#world;
    const job = new LocalJob({ pipeline: this.#pipeline, ports, batchSize: this.#batchSize, watermarkStepMs: 0 });
    await job.start();
    const opened = await readJob(ports.items, this.#pipeline.name, 1);
    if (opened !== undefined) this.#unitsOf = (stage) => rootsOf(opened, stage).map(unitName);
    this.#job = job;
    return job;
  }

  #source(id: string): SourceNode {
    const node = this.#pipeline.graph.nodes.get(id);
    if (node?.kind === 'source') return node;
    const known = [...this.#pipeline.graph.nodes.values()].filter(({ kind }) => kind === 'source');
    throw unknownId(
      'UNKNOWN_SOURCE',
      'source',
      id,
      known.map((source) => source.id),
    );
  }

  #requireIdle(call: string): void {
    if (this.#pending === 0) return;
    throw invalidArgument(
      `${call} was called while an action of the test driver that nobody awaited is under way.`,
      "Write 'await' in front of each send, advanceWatermark, advanceTime, endInput and restart.",
    );
  }
}

const invalidArgument = (message: string, fix: string): MillraceError =>
  new MillraceError('input', 'INVALID_ARGUMENT', message, { fix });

const unknownId = (code: ErrorCode, what: string, given: string, known: readonly string[]): MillraceError => {
  const closest = closestName(given, known);
  return new MillraceError(
    'input',
    code,
    `The pipeline has no ${what} '${given}'; it has ${known.map((id) => `'${id}'`).join(', ')}.`,
    {
      fix: closest === undefined ? 'Use one of these ids.' : `Did you mean '${closest}'?`,
      fields: { given, known },
    },
  );
};
