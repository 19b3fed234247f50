import { type ParsedArguments, parseWhole, seedOf } from '../../localstack/program/parse-whole.ts';

export interface E2eOptions {
  /** Decides orders and kills. */
  readonly seed: number;
  /** Names of the only scenarios to run, after the deployment and what they need. Default: all. */
  readonly only: readonly string[] | undefined;
}

export const usageOf = (
  scenarios: readonly { name: string; shows: string }[],
): string => `Usage: npm run e2e -- [options]

Deploys the reference pipeline to LocalStack with cdk, and shows on real Lambda bundles that:
${scenarios.map(({ name, shows }) => `  ${name.padEnd(9)} ${shows}`).join('\n')}
Installs and starts LocalStack (see npm run localstack -- --help), unless AWS_ENDPOINT_URL names one that runs on this machine;
any other endpoint is refused. Takes some minutes.

Options:
  --only NAMES   run the deployment, these scenarios, with commas between, and what they go on from; the others are listed as not run
  --seed N       repeat the orders of another run, 0 to 4294967295 (default: a new one)
  --help         show this

Exit codes: 0 all shown, 1 something is wrong or was not run, 2 wrong arguments, 3 something is missing, 130 ended by Ctrl-C.
`;

export const parseE2eArguments = (
  given: readonly string[],
  scenarios: readonly string[],
): ParsedArguments<E2eOptions> =>
  parseWhole(given, { only: { type: 'string' }, seed: { type: 'string' } }, (values) => {
    const only = values.only?.split(',');
    const unknown = only?.find((name) => !scenarios.includes(name));
    if (unknown !== undefined) throw new Error(`--only names '${unknown}'; allowed: ${scenarios.join(', ')}.`);
    return { seed: seedOf(values.seed), only };
  });
