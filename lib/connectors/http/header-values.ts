import { MillraceError } from '../../errors/millrace-error.ts';

/** A value that the pipeline's file does not hold: from the environment of the function, or from code that runs there. */
export type DeferredValue = { readonly env: string } | (() => string | Promise<string>);

export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws MillraceError `DEPLOYMENT_INVALID` (configuration), which says what is missing and never a value */
export const resolveValue = async (
  what: string,
  value: string | DeferredValue,
  environment: Environment,
): Promise<string> => {
  if (typeof value === 'string') return value;
  const found = typeof value === 'function' ? await value() : environment[value.env];
  if (typeof found === 'string' && found !== '') return found;
  throw withoutValue(what, value);
};

const withoutValue = (what: string, value: DeferredValue): MillraceError => {
  const source = typeof value === 'function' ? 'its function returned none' : `${value.env} is not set`;
  return new MillraceError('configuration', 'DEPLOYMENT_INVALID', `${what} has no value: ${source}.`, {
    fix: typeof value === 'function' ? 'Return a text.' : `Set ${value.env} in the function's environment.`,
    fields: { what, ...(typeof value === 'function' ? {} : { variable: value.env }) },
  });
};

/**
 * Looks for every variable that a webhook names, before anything is computed for it.
 * @throws MillraceError `DEPLOYMENT_INVALID` (configuration)
 */
export const requireVariables = (
  sink: string,
  {
    url,
    headers,
  }: { readonly url: string | DeferredValue; readonly headers: Readonly<Record<string, string | DeferredValue>> },
  environment: Environment,
): void => {
  const named = [
    ['the url', url] as const,
    ...Object.entries(headers).map(([name, value]) => [`header '${name}'`, value] as const),
  ];
  for (const [what, value] of named) {
    if (typeof value === 'object' && !environment[value.env]) throw withoutValue(`${what} of sink '${sink}'`, value);
  }
};
