import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import Table from 'cli-table3';
import { createLogUpdate } from 'log-update';
import { count, money, timeOfDay } from './format.ts';
import { provinces } from './orders.ts';
import type { RevenueRow } from './results.ts';
import { verdictLines } from './verdict-lines.ts';
import type { DemoMoment, DemoOutcome, DemoView } from './view.ts';

const barWidth = 40;
/** Lines of a moment other than the table's minutes. */
const otherLines = 14;
const mostMinutes = 10;

/** For a terminal: what happened scrolls, below it a live picture. */
export class ScreenView implements DemoView {
  readonly #out: WriteStream;
  readonly #picture: ReturnType<typeof createLogUpdate>;
  #last = '';

  constructor(out: WriteStream) {
    this.#out = out;
    this.#picture = createLogUpdate(out);
  }

  say(sentence: string): void {
    this.#scroll(sentence);
  }

  happened(event: string): void {
    this.#scroll(styleText('yellow', event));
  }

  show(moment: DemoMoment): void {
    this.#last = this.#draw(moment);
    this.#picture(this.#last);
  }

  end(): void {
    this.#picture.done();
    this.#last = '';
    this.#out.write('\n');
  }

  verdict(outcome: DemoOutcome): void {
    this.#out.write(`${verdictLines(outcome)}\n`);
  }

  /** Lines that stay go above the picture. */
  #scroll(line: string): void {
    this.#picture.clear();
    this.#out.write(`${line}\n`);
    if (this.#last !== '') this.#picture(this.#last);
  }

  #draw(moment: DemoMoment): string {
    const minutes = Math.max(3, Math.min(mostMinutes, (this.#out.rows ?? 40) - otherLines));
    return ['', progressLine(moment), '', stageTable(moment), revenueTable(moment.rows, minutes)].join('\n');
  }
}

const progressLine = ({ doing, progress, elapsedMs, sent, eventMs }: DemoMoment): string => {
  const filled = Math.round((progress ?? 0) * barWidth);
  const bar = styleText('green', '█'.repeat(filled)) + styleText('gray', '░'.repeat(barWidth - filled));
  const facts = [`${(elapsedMs / 1_000).toFixed(0)} s`, `${count(sent)} records`, timeOfDay(eventMs, true)];
  return ` ${progress === undefined ? '' : `${bar} `}${styleText('bold', doing)} · ${facts.join(' · ')}`;
};

const plain = { head: ['gray'], border: [], compact: true, 'padding-left': 1, 'padding-right': 1 };
const noLines = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
    .concat(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'])
    .map((place) => [place, '']),
);

const stageTable = ({ stages }: DemoMoment): string => {
  const table = new Table({
    head: ['stage', 'containers', 'killed', 'batches', 'retries', 'commits', 'lost races', 'waiting'],
    colAligns: ['left', ...Array<'right'>(7).fill('right')],
    chars: noLines,
    style: plain,
  });
  for (const [id, { containers, mapping, totals }] of Object.entries(stages)) {
    const waiting = mapping.shards.reduce((sum, shard) => sum + shard.buffered + shard.inFlight, 0);
    const counts = [containers.containers, containers.kills, mapping.invocations, mapping.retries];
    table.push([id, ...[...counts, totals.commits, totals.lostRaces, waiting].map(count)]);
  }
  return table.toString();
};

const revenueTable = (rows: readonly RevenueRow[], minutes: number): string => {
  const table = new Table({
    head: ['minute', ...provinces, 'all'],
    colAligns: ['left', ...Array<'right'>(provinces.length + 1).fill('right')],
    colWidths: [8, ...Array<number>(provinces.length).fill(10), 11],
    chars: noLines,
    style: plain,
  });
  const shown = [...new Set(rows.map(({ minute }) => minute))].sort((a, b) => b - a).slice(0, minutes);
  for (const minute of shown) {
    const ofMinute = rows.filter((row) => row.minute === minute);
    const amounts = provinces.map((province) => ofMinute.find((row) => row.province === province)?.amountCents);
    const all = ofMinute.reduce((sum, row) => sum + row.amountCents, 0);
    table.push([
      timeOfDay(minute),
      ...amounts.map((amountCents) => (amountCents === undefined ? '' : money(amountCents))),
      styleText('bold', money(all)),
    ]);
  }
  if (shown.length === 0) return styleText('gray', ' No minute has closed yet.');
  return `\n${table.toString()}`;
};
