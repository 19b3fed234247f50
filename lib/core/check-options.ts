import * as z from 'zod';
import { definitionError } from '../errors/millrace-error.ts';
import { describeValue } from './describe-value.ts';

/**
 * Checks the options that a user gave and refuses what it does not know, by path.
 *
 * @param owner who asks, as the message begins: `kinesisSource`, `operator 'minute'`
 * @param shape a strict object schema
 * @returns the options as the schema reads them
 * @throws `INVALID_OPTION` with the path, the value given and what is allowed
 */
export const checkOptions = <S extends z.ZodType>(owner: string, shape: S, options: unknown): z.output<S> => {
  // Each shape is used once or twice: to compile a parser for it takes longer than it saves.
  const result = shape.safeParse(options, { jitless: true });
  if (result.success) return result.data;
  // A misspelt name explains the missing one beside it.
  const { issues } = result.error;
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    const paths = issue.keys.map((key) => [...issue.path, key].join('.'));
    throw invalidOption(
      owner,
      `there is no option ${paths.map((path) => `'${path}'`).join(', ')}`,
      `Remove it${knownOptions(shape, issue.path)}.`,
      { options: paths },
    );
  }
  const path = issue.path.join('.');
  const value = issue.path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
    options,
  );
  const what = path === '' ? 'the options are' : `option '${path}' is`;
  throw invalidOption(owner, `${what} ${describeValue(value)}: ${issue.message}`, `Correct ${path || 'the options'}.`, {
    option: path,
  });
};

/** An `INVALID_OPTION` error: who, what is wrong, what to do. */
export const invalidOption = (owner: string, problem: string, fix: string, fields: Record<string, unknown> = {}) =>
  definitionError('INVALID_OPTION', `${owner}: ${problem}.`, fix, { owner, ...fields });

const knownOptions = (shape: z.ZodType, path: readonly PropertyKey[]): string =>
  path.length === 0 && shape instanceof z.ZodObject ? `; the options are ${Object.keys(shape.shape).join(', ')}` : '';

/** A function that a user gives: zod has no schema for one that is checked by type alone. */
export const functionOption = z.custom<(...args: never) => unknown>((value) => typeof value === 'function', {
  error: 'expected a function',
});

/** A zod schema that a user gives, from whatever copy of zod 4 they have. */
export const schemaOption = z.custom<z.ZodType>(
  (value) => typeof value === 'object' && value !== null && '_zod' in value,
  { error: 'expected a zod 4 schema' },
);
