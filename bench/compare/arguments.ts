import { join } from 'node:path';
import { closestName } from '../../lib/core/closest-name.ts';
import { type ParsedArguments, parseWhole, wholeNumber } from '../../localstack/program/parse-whole.ts';
import { engines } from '../engines/engines.ts';
import { works } from '../works/works.ts';
import type { BenchOptions } from './run-bench.ts';

export interface CommandOptions extends BenchOptions {
  /** Where results and plot are written. */
  readonly results: string;
  readonly json: boolean;
}

const defaultEvents = 2_000_000;
const mostEvents = 100_000_000;
const mostRounds = 99;
const resultsFolder = join(import.meta.dirname, '../results');

const families = [...new Set(engines.map(({ name }) => name.split('/')[0] as string))];

export const usage = `Usage: npm run bench -- [options]

Lets Millrace and what users would pick instead do the same works on the same events, one after the other on this machine, compares
their answers, and prints tables. It writes latest.json and latest.svg into bench/results. The first time it installs the others
under bench/peers, about 300 MB; what lacks its toolchain (Flink: a JDK 17 and Maven) is left out by name. About 40 minutes for all of
it on two cores; others that work on the machine make all times longer.

Options:
  --events N       events of each work, 1000 to ${mostEvents} (default ${defaultEvents})
  --work A,B       only these works, by name or letter: ${works.map(({ id, letter }) => `${letter} ${id}`).join(', ')}
  --engine X,Y     only these engines, by name or the beginning of it: ${families.join(', ')},
                   and more closely: millrace/memory, flink/heap, millrace/dynamodb/kpl/2000. The loop always runs:
                   answers are compared with its
  --rounds N       do each work N times, 1 to ${mostRounds} (default 1), all engines in turns: where the machine is now faster and now
                   slower, the ratios in the middle say more than those of one round
  --seed N         of the generated events (default 1)
  --results DIR    where the results are written (default bench/results)
  --json           print the results as JSON instead of tables
  --help           show this

Exit codes: 0 done, and all answers are equal; 1 an answer is not, or an engine failed; 2 wrong arguments; 3 something is missing;
130 ended by Ctrl-C.
`;

export const parseBenchArguments = (given: readonly string[]): ParsedArguments<CommandOptions> =>
  parseWhole(
    given,
    {
      events: { type: 'string' },
      work: { type: 'string' },
      engine: { type: 'string' },
      rounds: { type: 'string' },
      seed: { type: 'string' },
      results: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
    ({ events, work, engine, rounds, seed, results, json }) => ({
      events: wholeNumber('--events', events, 1_000, mostEvents) ?? defaultEvents,
      rounds: wholeNumber('--rounds', rounds, 1, mostRounds) ?? 1,
      seed: wholeNumber('--seed', seed, 0, 2 ** 32 - 1) ?? 1,
      works:
        work === undefined
          ? works
          : chosenOf(
              '--work',
              work,
              works,
              ({ id, letter }, name) => [id, letter].includes(name),
              ({ id }) => [id],
            ),
      engines:
        engine === undefined
          ? engines
          : chosenOf(
              '--engine',
              engine,
              engines,
              ({ name }, part) => beginsWith(name, part),
              ({ name }) => prefixesOf(name),
            ),
      // The chart library is one of them.
      alsoInstall: ['packages'],
      results: results ?? resultsFolder,
      json,
    }),
  );

const chosenOf = <T>(
  option: string,
  given: string,
  all: readonly T[],
  isMeant: (one: T, name: string) => boolean,
  namesOf: (one: T) => readonly string[],
): readonly T[] => {
  const names = given.split(',').map((name) => name.trim());
  for (const name of names) {
    if (all.some((one) => isMeant(one, name))) continue;
    const known = [...new Set(all.flatMap(namesOf))];
    const meant = closestName(name, known);
    const hint = meant === undefined ? `; allowed: ${known.join(', ')}` : `; did you mean '${meant}'?`;
    throw new Error(`${option} names '${name}', which there is not${hint}`);
  }
  return all.filter((one) => names.some((name) => isMeant(one, name)));
};

const beginsWith = (name: string, part: string): boolean => name === part || name.startsWith(`${part}/`);

/** `a/b/c`, `a/b` and `a`. */
const prefixesOf = (name: string): readonly string[] => {
  const parts = name.split('/');
  return parts.map((_, i) => parts.slice(0, i + 1).join('/'));
};
