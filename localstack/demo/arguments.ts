import { parseArgs } from 'node:util';

export interface DemoOptions {
  /** Decides orders, placement and kills. */
  readonly seed: number;
  /** How long orders come. */
  readonly seconds: number;
  /** Orders keep coming until Ctrl-C. */
  readonly serve: boolean;
  /** Streams split and merge their shards meanwhile. */
  readonly reshard: boolean;
  /** Print one JSON document in place of everything else. */
  readonly json: boolean;
  readonly kinesisPort: number | undefined;
  readonly dynamoPort: number | undefined;
}

export type ParsedArguments =
  | { readonly kind: 'run'; readonly options: DemoOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problem: string };

export const usage = `Usage: npm run demo -- [options]

Runs the revenue pipeline on this machine: a real Kinesis API engine, a real DynamoDB API engine, real containers.
Feeds it orders, kills two containers in the middle of a batch, and checks the table against a sum of its own.
Ends by itself in about half a minute. Exit code: 0 nothing lost and nothing twice, 1 something is wrong, 2 bad arguments.

Options:
  --serve            keep the orders coming until Ctrl-C; then check and stop
  --reshard          split, merge and scale both streams while the orders come; takes about twice as long
  --seconds N        how long orders come, 5 to 600 (default 20; with --reshard 40)
  --seed N           repeat the orders of another run, 0 to 4294967295 (default: a new one)
  --json             print one JSON document at the end, and nothing else
  --kinesis-port N   default: a free port
  --dynamo-port N    default: a free port
  --help             show this
`;

/** A command line is checked whole: what is misspelt or out of range is named, not ignored. */
export const parseDemoArguments = (given: readonly string[]): ParsedArguments => {
  try {
    const { values } = parseArgs({
      args: [...given],
      strict: true,
      allowPositionals: false,
      options: {
        serve: { type: 'boolean', default: false },
        reshard: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        seconds: { type: 'string' },
        seed: { type: 'string' },
        'kinesis-port': { type: 'string' },
        'dynamo-port': { type: 'string' },
      },
    });
    if (values.help) return { kind: 'help' };
    const options: DemoOptions = {
      serve: values.serve,
      reshard: values.reshard,
      json: values.json,
      seconds: wholeNumber('--seconds', values.seconds, 5, 600) ?? (values.reshard ? 40 : 20),
      seed: wholeNumber('--seed', values.seed, 0, 2 ** 32 - 1) ?? Math.floor(Math.random() * 2 ** 32),
      kinesisPort: wholeNumber('--kinesis-port', values['kinesis-port'], 1, 65_535),
      dynamoPort: wholeNumber('--dynamo-port', values['dynamo-port'], 1, 65_535),
    };
    return { kind: 'run', options };
  } catch (error) {
    return { kind: 'wrong', problem: (error as Error).message };
  }
};

const wholeNumber = (name: string, given: string | undefined, least: number, most: number): number | undefined => {
  if (given === undefined) return undefined;
  const number = /^\d+$/.test(given) ? Number(given) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new Error(`${name} is '${given}'; allowed: a whole number from ${least} to ${most}.`);
};
