import { describe, expect, it } from 'vitest';
import { parseE2eArguments, usageOf } from '../../e2e/arguments.ts';
import { requireLoopback } from '../../e2e/endpoint.ts';

const scenarios = ['deploy', 'flow', 'kill'];

describe('arguments of npm run e2e', () => {
  it('run everything with a new seed when there are none', () => {
    const parsed = parseE2eArguments([], scenarios);
    expect(parsed).toMatchObject({ kind: 'run', options: { only: undefined, seed: expect.any(Number) } });
  });

  it('name scenarios and a seed', () => {
    expect(parseE2eArguments(['--only', 'flow,kill', '--seed', '7'], scenarios)).toEqual({
      kind: 'run',
      options: { only: ['flow', 'kill'], seed: 7 },
    });
  });

  it.each([
    [['--only', 'flow,fly'], "--only names 'fly'; allowed: deploy, flow, kill."],
    [['--seed', '-1'], '--seed'],
    [['--seed', '4294967296'], "--seed is '4294967296'; allowed: a whole number from 0 to 4294967295."],
    [['--endpoint'], '--endpoint'],
  ])('%j are named as wrong', (args, problem) => {
    expect(parseE2eArguments(args, scenarios)).toEqual({ kind: 'wrong', problem: expect.stringContaining(problem) });
  });

  it('have a usage that says what each scenario shows', () => {
    expect(parseE2eArguments(['-h'], scenarios)).toEqual({ kind: 'help' });
    expect(usageOf([{ name: 'flow', shows: 'that it flows' }])).toContain('  flow      that it flows\n');
  });
});

describe('the endpoint of npm run e2e', () => {
  it.each(['http://127.0.0.1:4566', 'http://localhost:4566', 'http://[::1]:4566'])('may be %s', (endpoint) => {
    expect(requireLoopback(`${endpoint}/`)).toBe(endpoint);
  });

  it.each([
    'https://kinesis.us-east-1.amazonaws.com',
    'http://10.0.0.7:4566',
    'http://127.0.0.1.example.com:4566',
    'localhost:4566',
    'here',
  ])('is refused when it is %s', (endpoint) => {
    expect(() => requireLoopback(endpoint)).toThrow(
      expect.objectContaining({
        code: 'ENDPOINT_REQUIRED',
        message: `The endpoint ${endpoint} is not on this machine.`,
      }),
    );
  });
});
