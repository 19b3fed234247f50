import { count, money, timeOfDay } from './format.ts';
import { shortShardId } from './reshards.ts';
import { verdictLines } from './verdict-lines.ts';
import type { DemoMoment, DemoOutcome, DemoView } from './view.ts';

const everyMs = 2_000;

/** For pipes and logs: one line now and then. */
export class LineView implements DemoView {
  readonly #out: NodeJS.WritableStream;
  #lastMs = Number.NEGATIVE_INFINITY;
  #lastDoing = '';

  constructor(out: NodeJS.WritableStream) {
    this.#out = out;
  }

  say(sentence: string): void {
    this.#out.write(`${sentence}\n`);
  }

  happened(event: string): void {
    this.say(event);
  }

  show(moment: DemoMoment): void {
    if (moment.doing === this.#lastDoing && moment.elapsedMs - this.#lastMs < everyMs) return;
    this.#lastMs = moment.elapsedMs;
    this.#lastDoing = moment.doing;
    this.say(lineOf(moment));
  }

  end(): void {
    this.#out.write('\n');
  }

  verdict(outcome: DemoOutcome): void {
    this.say(verdictLines(outcome));
  }
}

const lineOf = ({ doing, elapsedMs, sent, eventMs, stages, rows, showsShards }: DemoMoment): string => {
  const newest = rows.reduce((latest, { minute }) => Math.max(latest, minute), 0);
  const amountCents = rows.filter(({ minute }) => minute === newest).reduce((sum, row) => sum + row.amountCents, 0);
  const shards = Object.entries(stages).map(([id, { mapping }]) => {
    const open = mapping.shards.filter(({ state }) => state !== 'ended');
    return `${id} ${open.map(({ shardId }) => shortShardId(shardId)).join(' ')}`;
  });
  const commits = Object.entries(stages).map(([id, { totals }]) => `${id} ${count(totals.commits)}`);
  return [
    `${(elapsedMs / 1_000).toFixed(1).padStart(5)} s  ${doing}`,
    `${count(sent)} records sent`,
    `event time ${timeOfDay(eventMs, true)}`,
    `commits: ${commits.join(', ')}`,
    ...(showsShards ? [`shards: ${shards.join(', ')}`] : []),
    newest === 0 ? 'no minute closed yet' : `minute ${timeOfDay(newest)} took ${money(amountCents)}`,
  ].join(' · ');
};
