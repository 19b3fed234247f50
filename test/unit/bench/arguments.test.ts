import { describe, expect, it } from 'vitest';
import { parseBenchArguments, usage } from '../../../bench/compare/arguments.ts';

const chosenBy = (...args: string[]) => {
  const parsed = parseBenchArguments(args);
  if (parsed.kind !== 'run') throw new Error(`${args.join(' ')} is ${parsed.kind}`);
  const { works, engines, ...rest } = parsed.options;
  return { works: works.map(({ id }) => id), engines: engines.map(({ name }) => name), ...rest };
};

describe('arguments of npm run bench', () => {
  it('choose everything when there are none', () => {
    const { works, engines, events, rounds, json } = chosenBy();
    expect(works).toEqual(['tumbling', 'sliding', 'session', 'interval-join', 'filter-map', 'repartition']);
    expect(engines).toEqual(expect.arrayContaining(['loop', 'duckdb', 'flink/heap', 'by-hand/update-per-record']));
    expect({ events, rounds, json }).toEqual({ events: 2_000_000, rounds: 1, json: false });
  });

  it('take works by letter or name', () => {
    expect(chosenBy('--work', 'a, session').works).toEqual(['tumbling', 'session']);
  });

  it('take engines by the beginning of their names', () => {
    const { engines } = chosenBy('--engine', 'millrace/memory/kpl,flink');
    expect(engines).toEqual([
      'flink/heap',
      'flink/rocksdb',
      'millrace/memory/kpl/500',
      'millrace/memory/kpl/2000',
      'millrace/memory/kpl/10000',
    ]);
  });

  it.each([
    [['--events', '10'], "--events is '10'; allowed: a whole number from 1000 to 100000000."],
    [['--rounds', '0'], "--rounds is '0'; allowed: a whole number from 1 to 99."],
    [['--work', 'tumblin'], "--work names 'tumblin', which there is not; did you mean 'tumbling'?"],
    [['--work', 'g'], "--work names 'g', which there is not"],
    [['--engine', 'flink/heep'], "did you mean 'flink/heap'?"],
    [['--engine', ''], "--engine names ''"],
    [['--engin', 'loop'], '--engin'],
    [['now'], 'now'],
  ])('%j are named as wrong', (args, problem) => {
    expect(parseBenchArguments(args)).toEqual({ kind: 'wrong', problem: expect.stringContaining(problem) });
  });

  it('have a usage that knows every option', () => {
    expect(parseBenchArguments(['--help'])).toEqual({ kind: 'help' });
    for (const option of ['--events', '--work', '--engine', '--rounds', '--seed', '--results', '--json', '--help'])
      expect(usage).toContain(option);
  });
});
