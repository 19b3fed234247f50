import { describe, expect, it } from 'vitest';
import { parseDemoArguments } from '../../../localstack/demo/arguments.ts';

describe('the arguments of the demo', () => {
  it('may all be left out', () => {
    const parsed = parseDemoArguments([]);
    expect(parsed).toMatchObject({ kind: 'run', options: { seconds: 20, serve: false, json: false, reshard: false } });
  });

  it('are read', () => {
    const given = [
      '--serve',
      '--json',
      '--seed',
      '7',
      '--seconds=5',
      '--kinesis-port',
      '4567',
      '--dynamo-port',
      '8000',
    ];
    expect(parseDemoArguments(given)).toEqual({
      kind: 'run',
      options: { serve: true, reshard: false, json: true, seed: 7, seconds: 5, kinesisPort: 4567, dynamoPort: 8000 },
    });
  });

  it('give resharding more time', () => {
    expect(parseDemoArguments(['--reshard'])).toMatchObject({ options: { reshard: true, seconds: 40 } });
    expect(parseDemoArguments(['--reshard', '--seconds=9'])).toMatchObject({ options: { reshard: true, seconds: 9 } });
  });

  it('ask for help', () => {
    expect(parseDemoArguments(['--help']).kind).toBe('help');
    expect(parseDemoArguments(['-h']).kind).toBe('help');
  });

  it.each([
    [['--sed', '7'], "'--sed'"],
    [['orders.jsonl'], 'orders.jsonl'],
    [['--seed'], '--seed'],
    [['--seed', 'x'], "--seed is 'x'; allowed: a whole number from 0 to 4294967295."],
    [['--seed', '1e3'], "--seed is '1e3'"],
    [['--seconds', '4'], "--seconds is '4'; allowed: a whole number from 5 to 600."],
    [['--kinesis-port', '65536'], "--kinesis-port is '65536'"],
  ])('are refused by name: %j', (given, problem) => {
    expect(parseDemoArguments(given)).toEqual({ kind: 'wrong', problem: expect.stringContaining(problem) });
  });
});
