import { type ParseArgsConfig, parseArgs } from 'node:util';

/** What came of a command line. */
export type ParsedArguments<Options> =
  | { readonly kind: 'run'; readonly options: Options }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problem: string };

type Known = NonNullable<ParseArgsConfig['options']>;

type Values<K extends Known> = ReturnType<
  typeof parseArgs<{ strict: true; allowPositionals: false; options: K & typeof help }>
>['values'];

const help = { help: { type: 'boolean', short: 'h', default: false } } as const;

/**
 * A command line is checked whole: what is misspelt or out of range is named, not ignored. `--help` is always known.
 *
 * @param read makes options of the values, and throws what is wrong with them
 */
export const parseWhole = <K extends Known, Options>(
  given: readonly string[],
  known: K,
  read: (values: Values<K>) => Options,
): ParsedArguments<Options> => {
  try {
    const { values } = parseArgs({
      args: [...given],
      strict: true,
      allowPositionals: false,
      options: { ...known, ...help },
    });
    if ((values as { readonly help?: boolean }).help === true) return { kind: 'help' };
    return { kind: 'run', options: read(values as Values<K>) };
  } catch (error) {
    return { kind: 'wrong', problem: (error as Error).message };
  }
};

/** @throws Error that names the option, the value given and what is allowed */
export const wholeNumber = (
  name: string,
  given: string | undefined,
  least: number,
  most: number,
): number | undefined => {
  if (given === undefined) return undefined;
  const number = /^\d+$/.test(given) ? Number(given) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new Error(`${name} is '${given}'; allowed: a whole number from ${least} to ${most}.`);
};

const mostSeed = 2 ** 32 - 1;

/** The seed of a run: the one that is to be repeated, or a new one. @throws Error as {@link wholeNumber} */
export const seedOf = (given: string | undefined): number =>
  wholeNumber('--seed', given, 0, mostSeed) ?? Math.floor(Math.random() * (mostSeed + 1));
