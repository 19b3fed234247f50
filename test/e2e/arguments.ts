import { parseArgs } from 'node:util';

export interface E2eOptions {
  /** Decides orders and kills. */
  readonly seed: number;
  /** Names of the only scenarios to run, after the deployment. Default: all. */
  readonly only: readonly string[] | undefined;
}

export type ParsedArguments =
  | { readonly kind: 'run'; readonly options: E2eOptions }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problem: string };

export const usageOf = (
  scenarios: readonly { name: string; shows: string }[],
): string => `Usage: npm run e2e -- [options]

Deploys the reference pipeline to LocalStack with cdk, and shows on real Lambda bundles that:
${scenarios.map(({ name, shows }) => `  ${name.padEnd(9)} ${shows}`).join('\n')}
Installs and starts LocalStack (see npm run localstack -- --help), unless AWS_ENDPOINT_URL names one that runs on this machine;
any other endpoint is refused. Takes some minutes.

Options:
  --only NAMES   run the deployment and these scenarios, with commas between; the others are listed as not run
  --seed N       repeat the orders of another run, 0 to 4294967295 (default: a new one)
  --help         show this

Exit codes: 0 all shown, 1 something is wrong or was not run, 2 wrong arguments, 3 something is missing, 130 ended by Ctrl-C.
`;

/** A command line is checked whole: what is misspelt or out of range is named, not ignored. */
export const parseE2eArguments = (given: readonly string[], scenarios: readonly string[]): ParsedArguments => {
  try {
    const { values } = parseArgs({
      args: [...given],
      strict: true,
      allowPositionals: false,
      options: { only: { type: 'string' }, seed: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) return { kind: 'help' };
    const only = values.only?.split(',');
    const unknown = only?.find((name) => !scenarios.includes(name));
    if (unknown !== undefined) throw new Error(`--only names '${unknown}'; allowed: ${scenarios.join(', ')}.`);
    return { kind: 'run', options: { seed: seedOf(values.seed), only } };
  } catch (error) {
    return { kind: 'wrong', problem: (error as Error).message };
  }
};

const seedOf = (given: string | undefined): number => {
  if (given === undefined) return Math.floor(Math.random() * 2 ** 32);
  const seed = /^\d+$/.test(given) ? Number(given) : Number.NaN;
  if (seed < 2 ** 32) return seed;
  throw new Error(`--seed is '${given}'; allowed: a whole number from 0 to ${2 ** 32 - 1}.`);
};
