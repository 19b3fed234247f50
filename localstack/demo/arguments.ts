import { type ParsedArguments, parseWhole, seedOf, wholeNumber } from '../program/parse-whole.ts';

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

export const usage = `Usage: npm run demo -- [options]

Runs the revenue pipeline on this machine: a real Kinesis API engine, a real DynamoDB API engine, real containers.
Feeds it orders, kills two containers in the middle of a batch, and checks the table against a sum of its own.
Ends by itself in about half a minute.

Options:
  --serve            keep the orders coming until Ctrl-C; then check and stop
  --reshard          split, merge and scale both streams while the orders come; takes about twice as long
  --seconds N        how long orders come, 5 to 600 (default 20; with --reshard 40)
  --seed N           repeat the orders of another run, 0 to 4294967295 (default: a new one)
  --json             print one JSON document at the end, and nothing else
  --kinesis-port N   default: a free port
  --dynamo-port N    default: a free port
  --help             show this

Exit codes: 0 nothing lost and nothing twice, 1 something is wrong, 2 wrong arguments, 3 something is missing.
`;

export const parseDemoArguments = (given: readonly string[]): ParsedArguments<DemoOptions> =>
  parseWhole(
    given,
    {
      serve: { type: 'boolean', default: false },
      reshard: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      seconds: { type: 'string' },
      seed: { type: 'string' },
      'kinesis-port': { type: 'string' },
      'dynamo-port': { type: 'string' },
    },
    ({ serve, reshard, json, seconds, seed, 'kinesis-port': kinesisPort, 'dynamo-port': dynamoPort }) => ({
      serve,
      reshard,
      json,
      seconds: wholeNumber('--seconds', seconds, 5, 600) ?? (reshard ? 40 : 20),
      seed: seedOf(seed),
      kinesisPort: wholeNumber('--kinesis-port', kinesisPort, 1, 65_535),
      dynamoPort: wholeNumber('--dynamo-port', dynamoPort, 1, 65_535),
    }),
  );
