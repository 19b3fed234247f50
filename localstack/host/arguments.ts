import { type ParsedArguments, parseWhole, wholeNumber } from '../program/parse-whole.ts';

export interface CommandOptions {
  readonly action: 'start' | 'install' | 'status' | 'stop';
  readonly port: number;
  readonly debug: boolean;
}

export const defaultPort = 4566;

export const usage = `Usage: npm run localstack -- [options]

Starts LocalStack 2026.3.0 on this machine, without Docker and without an account: Kinesis, DynamoDB, Lambda,
CloudFormation and the rest on http://127.0.0.1:${defaultPort}, for \`cdk deploy\` and the SDK. Loopback only.
The first time it installs about 600 MB into the user's cache, which takes some minutes. Needs Linux, Python 3.13,
a JDK 17 or newer, Maven, cmake and a C++ compiler. With Docker: docker compose -f localstack/compose.yaml up
Ctrl-C stops it; what it holds is gone then.

Options:
  --port N     where it listens, 1 to 65535 (default ${defaultPort})
  --install    install, and do not start
  --status     say whether it runs there; exit code 1 if not
  --stop       stop the one that runs there
  --debug      log everything
  --help       show this

Exit codes: 0 done, 1 not running, 2 wrong arguments, 3 something is missing, 130 ended by Ctrl-C while starting.
`;

export const parseLocalStackArguments = (given: readonly string[]): ParsedArguments<CommandOptions> =>
  parseWhole(
    given,
    {
      port: { type: 'string' },
      install: { type: 'boolean', default: false },
      status: { type: 'boolean', default: false },
      stop: { type: 'boolean', default: false },
      debug: { type: 'boolean', default: false },
    },
    ({ port, debug, ...values }) => {
      const actions = (['install', 'status', 'stop'] as const).filter((name) => values[name]);
      if (actions.length > 1) throw new Error(`--${actions.join(' and --')} exclude each other.`);
      return { action: actions[0] ?? 'start', port: wholeNumber('--port', port, 1, 65_535) ?? defaultPort, debug };
    },
  );
