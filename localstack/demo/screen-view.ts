import type { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import Table from 'cli-table3';
import { createLogUpdate } from 'log-update';
import { count, money, timeOfDay } from './format.ts';
import { provinces } from './orders.ts';
import { shortShardId } from './reshards.ts';
import type { RevenueRow } from './results.ts';
import { verdictLines } from './verdict-lines.ts';
import type { DemoMoment, DemoOutcome, DemoView } from './view.ts';

/** Lines of a moment other than the table's minutes. */
const otherLines = 16;
/** Narrower terminals see less of it. */
const wideColumns = 100;
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
    const taken = otherLines + (moment.showsShards ? Object.keys(moment.stages).length + 1 : 0);
    const minutes = Math.max(3, Math.min(mostMinutes, (this.#out.rows ?? 40) - taken));
    const columns = this.#out.columns ?? 100;
    return [
      '',
      progressLine(moment, columns),
      '',
      stageTable(moment, columns),
      ...(moment.showsShards ? ['', shardLines(moment, columns)] : []),
      '',
      revenueTable(moment.rows, minutes, columns),
    ].join('\n');
  }
}

const progressLine = ({ doing, progress, elapsedMs, sent, eventMs }: DemoMoment, columns: number): string => {
  const barWidth = columns < wideColumns ? 14 : 30;
  const filled = Math.round((progress ?? 0) * barWidth);
  const bar = styleText('green', '█'.repeat(filled)) + styleText('gray', '░'.repeat(barWidth - filled));
  const facts = [
    `${(elapsedMs / 1_000).toFixed(0)} s`,
    `${count(sent)} records`,
    `${columns < wideColumns ? '' : 'event time '}${timeOfDay(eventMs, true)}`,
  ];
  return ` ${progress === undefined ? '' : `${bar} `}${styleText('bold', doing)} · ${facts.join(' · ')}`;
};

const plain = { head: ['gray'], border: [], compact: true, 'padding-left': 1, 'padding-right': 1 };
const noLines = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
    .concat(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'])
    .map((place) => [place, '']),
);

const stageTable = ({ stages }: DemoMoment, columns: number): string => {
  const names = ['containers', 'killed', 'batches', 'retries', 'commits', 'waiting', 'lost races'];
  const shown = columns < wideColumns ? 5 : names.length;
  const table = new Table({
    head: ['stage', ...names.slice(0, shown)],
    colAligns: ['left', ...Array<'right'>(shown).fill('right')],
    chars: noLines,
    style: plain,
  });
  for (const [id, { containers, mapping, totals }] of Object.entries(stages)) {
    const waiting = mapping.shards.reduce((sum, shard) => sum + shard.buffered + shard.inFlight, 0);
    const counts = [containers.containers, containers.kills, mapping.invocations, mapping.retries];
    table.push([id, ...[...counts, totals.commits, waiting, totals.lostRaces].slice(0, shown).map(count)]);
  }
  return table.toString();
};

const shardMarks = {
  ended: (id: string) => styleText('gray', id),
  reading: (id: string) => styleText('green', id),
  waiting: (id: string) => styleText('yellow', id),
};

/** Which shards each stage reads now, which have ended, and which wait for their parents. */
const shardLines = ({ stages }: DemoMoment, columns: number): string =>
  Object.entries(stages)
    .map(([id, { mapping }]) => {
      const label = ` shards of ${id}: `;
      const shown = mapping.shards.slice(-Math.floor((columns - label.length) / 3));
      return label + shown.map(({ shardId, state }) => shardMarks[state](shortShardId(shardId))).join(' ');
    })
    .join('\n');

const minuteColumns = 8;
const provinceColumns = 10;
const sumColumns = 12;

const revenueTable = (rows: readonly RevenueRow[], minutes: number, columns: number): string => {
  const caption = styleText('gray', ' Table revenue: what each province took, by minute of event time');
  const shown = [...new Set(rows.map(({ minute }) => minute))].sort((a, b) => b - a).slice(0, minutes);
  if (shown.length === 0) return `${caption}\n No minute has closed yet.`;
  const fitting = provinces.slice(0, Math.floor((columns - minuteColumns - sumColumns) / provinceColumns));
  const table = new Table({
    head: ['minute', ...fitting, 'all'],
    colAligns: ['left', ...Array<'right'>(fitting.length + 1).fill('right')],
    colWidths: [minuteColumns, ...Array<number>(fitting.length).fill(provinceColumns), sumColumns],
    chars: noLines,
    style: plain,
  });
  for (const minute of shown) {
    const ofMinute = rows.filter((row) => row.minute === minute);
    const amounts = fitting.map((province) => ofMinute.find((row) => row.province === province)?.amountCents);
    const all = ofMinute.reduce((sum, row) => sum + row.amountCents, 0);
    table.push([
      timeOfDay(minute),
      ...amounts.map((amountCents) => (amountCents === undefined ? '' : money(amountCents))),
      styleText('bold', money(all)),
    ]);
  }
  return `${caption}\n${table.toString()}`;
};
