import { setTimeout as sleep } from 'node:timers/promises';
import type { WriteStream } from 'node:tty';
import { deployLocally, type LocalDeployment } from 'millrace/local';
import { SeededRandom } from 'millrace/testing';
import revenue from '../../functions/revenue/pipeline.ts';
import type { DemoOptions } from './arguments.ts';
import { checkResults } from './check.ts';
import { JsonView } from './json-view.ts';
import { armKill, type PlannedKill, plannedKills } from './kills.ts';
import { LineView } from './line-view.ts';
import { OrderTraffic, speed, stepClockMs } from './orders.ts';
import { type PlannedReshard, plannedReshards, reshard } from './reshards.ts';
import { type RevenueRow, readLate, readRecent, readTable } from './results.ts';
import { ScreenView } from './screen-view.ts';
import type { DemoOutcome, DemoView } from './view.ts';

const entry = new URL('../../functions/revenue/handler.ts', import.meta.url);
const minuteMs = 60_000;
const shownMinutes = 10;
const drawEveryMs = 200;
const readEveryMs = 1_000;
/** Twice this at most. The run as a whole has a minute; where shards change, each child begins with a log of its own. */
const drainTimeoutMs = { plain: 20_000, reshard: 120_000 };
/** The Kinesis engine slows down as its shards fill: what serves for hours goes easy on it. */
const ordersPerServedStep = 2;

/** Runs the demo to its end. @returns the exit code */
export const runDemo = async (options: DemoOptions): Promise<number> => {
  const interrupt = new AbortController();
  const onInterrupt = () => {
    // Whoever asks twice does not want to wait. The engines end with this process.
    if (interrupt.signal.aborted) process.exit(130);
    interrupt.abort();
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  const view = chooseView(options);
  let deployment: LocalDeployment | undefined;
  try {
    view.say('Starting a Kinesis engine, a DynamoDB engine and the containers of pipeline revenue …');
    deployment = await deploy(options);
    return await new Demo(options, view, deployment, interrupt.signal).run();
  } finally {
    await deployment?.stop();
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
};

const chooseView = ({ json }: DemoOptions): DemoView => {
  if (json) return new JsonView(process.stdout);
  return process.stdout.isTTY ? new ScreenView(process.stdout as WriteStream) : new LineView(process.stdout);
};

const deploy = ({ seed, kinesisPort, dynamoPort }: DemoOptions): Promise<LocalDeployment> =>
  deployLocally(revenue, {
    entry,
    engines: { ...(kinesisPort !== undefined && { kinesisPort }), ...(dynamoPort !== undefined && { dynamoPort }) },
    shards: 2,
    containers: 3,
    placement: 'random',
    random: new SeededRandom(seed + 1),
    // Every step of the protocol is a line: the kills wait for one.
    environment: { POWERTOOLS_LOG_LEVEL: 'DEBUG' },
  });

class Demo {
  readonly #options: DemoOptions;
  readonly #view: DemoView;
  readonly #deployment: LocalDeployment;
  readonly #interrupted: AbortSignal;
  readonly #traffic: OrderTraffic;
  readonly #startMs = Date.now();
  readonly #pendingKills = new Set<string>();
  #doing = 'orders come in';
  #progress: number | undefined = 0;
  #rows: readonly RevenueRow[] = [];
  /** One after the other, as Kinesis takes them. */
  #resharding: Promise<void> = Promise.resolve();
  #reshards = 0;

  constructor(options: DemoOptions, view: DemoView, deployment: LocalDeployment, interrupted: AbortSignal) {
    this.#options = options;
    this.#view = view;
    this.#deployment = deployment;
    this.#interrupted = interrupted;
    // So that event time ends about now.
    const span = options.seconds * 1_000 * speed;
    this.#traffic = new OrderTraffic(options.seed, Math.floor((this.#startMs - span) / minuteMs) * minuteMs);
  }

  async run(): Promise<number> {
    this.#introduce();
    const stopWatching = new AbortController();
    const watching = this.#watch(stopWatching.signal);
    try {
      await this.#feed();
      if (this.#interrupted.aborted && !this.#options.serve) return this.#giveUp();
      await this.#resharding;
      this.#doing = 'input ended, windows close';
      this.#progress = 1;
      await this.#deployment.end(drainTimeoutMs[this.#options.reshard ? 'reshard' : 'plain']);
      this.#doing = 'done';
      this.#rows = await readRecent(this.#deployment, this.#traffic.eventMs - shownMinutes * minuteMs);
      this.#draw();
    } finally {
      stopWatching.abort();
      await watching;
      this.#view.end();
    }
    const outcome = await this.#check();
    this.#view.verdict(outcome);
    return outcome.problems.length === 0 ? 0 : 1;
  }

  #introduce(): void {
    const { engines } = this.#deployment;
    this.#view.say(
      `Kinesis ${engines.kinesisEndpoint} · DynamoDB ${engines.dynamoEndpoint} · seed ${this.#options.seed}`,
    );
    if (!this.#options.serve) return;
    this.#view.say('Region us-east-1, any credentials. Stream orders, table revenue. Ctrl-C checks and stops.');
    this.#view.say('The check knows the orders that are sent here, and no others.');
  }

  /** Orders until the time is up or somebody interrupts, and the kills between them. */
  async #feed(): Promise<void> {
    const { seconds, serve } = this.#options;
    const startMs = Date.now();
    const kills = [...plannedKills];
    const reshards = this.#options.reshard ? [...plannedReshards] : [];
    for (let step = 1; !this.#interrupted.aborted; step++) {
      // By the clock: a machine that is busy sends less, and does not take longer.
      const progress = (Date.now() - startMs) / (seconds * 1_000);
      if (progress >= 1 && !serve) return;
      this.#progress = progress < 1 ? progress : undefined;
      if (progress * (plannedKills.length + 1) >= plannedKills.length - kills.length + 1) this.#kill(kills.shift());
      if (progress >= (reshards[0]?.at ?? Number.POSITIVE_INFINITY)) this.#reshard(reshards.shift());
      await this.#deployment.put('orders', this.#traffic.next(progress < 1 ? undefined : ordersPerServedStep));
      await this.#sleepUntil(startMs + step * stepClockMs);
    }
  }

  async #sleepUntil(untilMs: number): Promise<void> {
    const signal = this.#interrupted;
    await sleep(Math.max(0, untilMs - Date.now()), undefined, { signal }).catch(() => undefined);
  }

  #kill(kill: PlannedKill | undefined): void {
    if (kill === undefined) return;
    this.#pendingKills.add(kill.stage);
    armKill(this.#deployment, kill).then((event) => {
      this.#pendingKills.delete(kill.stage);
      this.#view.happened(event);
    });
  }

  #reshard(planned: PlannedReshard | undefined): void {
    if (planned === undefined) return;
    this.#resharding = this.#resharding.then(async () => {
      this.#view.happened(await reshard(this.#deployment, planned));
      this.#reshards++;
    });
    // Whoever waits for all of them hears of it.
    this.#resharding.catch(() => undefined);
  }

  async #watch(signal: AbortSignal): Promise<void> {
    let readMs = 0;
    while (!signal.aborted) {
      if (Date.now() - readMs >= readEveryMs && !this.#options.json) {
        readMs = Date.now();
        this.#rows = await readRecent(this.#deployment, this.#traffic.eventMs - 2 * shownMinutes * minuteMs).catch(
          () => this.#rows,
        );
      }
      if (!signal.aborted) this.#draw();
      await sleep(drawEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #draw(): void {
    this.#view.show({
      doing: this.#doing,
      progress: this.#progress,
      elapsedMs: Date.now() - this.#startMs,
      sent: this.#traffic.sentCount,
      eventMs: this.#traffic.eventMs,
      stages: this.#deployment.stats(),
      showsShards: this.#options.reshard,
      rows: this.#rows,
    });
  }

  #giveUp(): number {
    this.#view.say('Interrupted: nothing was checked.');
    return 130;
  }

  async #check(): Promise<DemoOutcome> {
    const quarantined: string[] = [];
    for await (const record of this.#deployment.quarantine()) quarantined.push(record.payload);
    const result = checkResults({
      sent: this.#traffic.orders,
      poison: this.#traffic.poison,
      rows: await readTable(this.#deployment),
      late: await readLate(this.#deployment),
      quarantined,
    });
    const stages = Object.values(this.#deployment.stats());
    const total = (count: (stage: (typeof stages)[number]) => number) =>
      stages.reduce((sum, stage) => sum + count(stage), 0);
    const notKilled = [...this.#pendingKills].map((stage) => `No container of stage ${stage} was killed, as planned.`);
    return {
      ...result,
      problems: [...result.problems, ...notKilled],
      seed: this.#options.seed,
      elapsedMs: Date.now() - this.#startMs,
      kills: total(({ containers }) => containers.kills),
      retries: total(({ mapping }) => mapping.retries),
      republished: total(({ totals }) => totals.republished),
      lostRaces: total(({ totals }) => totals.lostRaces),
      coldStarts: total(({ containers }) => containers.coldStarts),
      commits: total(({ totals }) => totals.commits),
      ...(this.#options.reshard && { reshards: this.#reshards }),
    };
  }
}
