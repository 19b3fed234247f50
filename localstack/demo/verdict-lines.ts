import { styleText } from 'node:util';
import Table from 'cli-table3';
import { count, money } from './format.ts';
import { plannedReshards } from './reshards.ts';
import type { DemoOutcome } from './view.ts';

const shownProblems = 10;

/** The verdict for people: a table, and one line that says it. */
export const verdictLines = (outcome: DemoOutcome): string => {
  const passed = outcome.problems.length === 0;
  const seconds = (outcome.elapsedMs / 1_000).toFixed(0);
  const line = passed
    ? styleText('green', `✔ Exactly once: nothing lost, nothing twice. ${seconds} s, seed ${outcome.seed}.`)
    : styleText('red', `✖ Not exactly once. Repeat it with --seed ${outcome.seed}.`);
  const problems = outcome.problems.slice(0, shownProblems).map((problem) => styleText('red', `  ${problem}`));
  const more = outcome.problems.length - problems.length;
  return [table(outcome), line, ...problems, ...(more > 0 ? [`  … and ${count(more)} more.`] : [])].join('\n');
};

const reshardRow = (reshards: number): [string, string, string, boolean] => [
  'streams resharded under traffic',
  count(reshards),
  count(plannedReshards.length),
  reshards === plannedReshards.length,
];

const table = (outcome: DemoOutcome): string => {
  const { sent, paid, rejected, rejectedExpected, late, kills, retries, republished, reshards } = outcome;
  const rows: [string, string, string, boolean][] = [
    ['records sent', count(sent), '', true],
    ['  paid orders', count(paid), '', true],
    ['  too late, in the late stream', count(late), '', true],
    ['  broken, in quarantine', count(rejected), count(rejectedExpected), rejected === rejectedExpected],
    ['rows in the table', count(outcome.rows), count(outcome.rowsExpected), outcome.rows === outcome.rowsExpected],
    [
      'orders in the table',
      count(outcome.orders),
      count(outcome.ordersExpected),
      outcome.orders === outcome.ordersExpected,
    ],
    [
      'amount in the table',
      money(outcome.amountCents),
      money(outcome.amountCentsExpected),
      outcome.amountCents === outcome.amountCentsExpected,
    ],
    ['lost', count(outcome.lost), '0', outcome.lost === 0],
    ['duplicates', count(outcome.duplicates), '0', outcome.duplicates === 0],
    ['containers killed in a batch', count(kills), '', true],
    ['  batches delivered again', count(retries), '', true],
    ['  commits whose outputs were sent again', count(republished), '', true],
    ...(reshards === undefined ? [] : [reshardRow(reshards)]),
  ];
  const printed = new Table({
    head: ['', 'found', 'expected', ''].map((name) => styleText('bold', name)),
    colAligns: ['left', 'right', 'right', 'left'],
    // Colours are styleText's, which asks the stream whether it shows them.
    style: { head: [], border: [], compact: true },
  });
  for (const [name, found, expected, right] of rows) {
    const mark = expected === '' ? '' : right ? styleText('green', '✔') : styleText('red', '✖');
    printed.push([name, found, expected, mark]);
  }
  return printed.toString();
};
