import { describe, expect, it } from 'vitest';
import { parseLocalStackArguments, usage } from '../../../localstack/host/arguments.ts';

describe('arguments of npm run localstack', () => {
  it('start LocalStack on its usual port when there are none', () => {
    expect(parseLocalStackArguments([])).toEqual({
      kind: 'run',
      options: { action: 'start', port: 4566, debug: false },
    });
  });

  it.each(['install', 'status', 'stop'])('do one thing else with --%s', (action) => {
    expect(parseLocalStackArguments([`--${action}`, '--port', '5000'])).toEqual({
      kind: 'run',
      options: { action, port: 5000, debug: false },
    });
  });

  it.each([
    [['--port', '0'], "--port is '0'; allowed: a whole number from 1 to 65535."],
    [['--port', '65536'], "--port is '65536'"],
    [['--port', '80x'], "--port is '80x'"],
    [['--stop', '--status'], '--status and --stop exclude each other.'],
    [['--prot', '1'], '--prot'],
    [['up'], 'up'],
  ])('%j are named as wrong', (args, problem) => {
    expect(parseLocalStackArguments(args)).toEqual({ kind: 'wrong', problem: expect.stringContaining(problem) });
  });

  it('have a usage that knows every option', () => {
    expect(parseLocalStackArguments(['--help'])).toEqual({ kind: 'help' });
    for (const option of ['--port', '--install', '--status', '--stop', '--debug', '--help'])
      expect(usage).toContain(option);
  });
});
