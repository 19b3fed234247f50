import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeValue } from '../lib/core/describe-value.ts';
import { MillraceError } from '../lib/errors/millrace-error.ts';

/** The error to show for what importing a pipeline's file threw. */
export const importFailure = (file: string, thrown: unknown): MillraceError => {
  if (thrown instanceof Error && thrown.name === 'MillraceError')
    return definitionFailure(file, thrown as MillraceError);
  if (!(thrown instanceof Error)) {
    return failed(file, `it threw ${describeValue(thrown)}`, 'Importing a pipeline must not throw.', thrown);
  }
  const { code, message, name } = thrown as NodeJS.ErrnoException;
  if (code === 'ERR_MODULE_NOT_FOUND')
    return failed(file, message.replaceAll(process.cwd(), '.'), missingModule(message), thrown);
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' || code === 'ERR_IMPORT_ATTRIBUTE_MISSING') {
    return failed(file, 'it is no TypeScript or JavaScript file', 'Give the file that exports the pipeline.', thrown);
  }
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    const fix =
      'Node only strips types: use no enums, namespaces or parameter properties (tsconfig: erasableSyntaxOnly).';
    return failed(file, `${message}${placeOf(thrown)}`, fix, thrown);
  }
  if (name === 'SyntaxError') {
    const place = placeOf(thrown);
    const fix = place === '' ? `Mend the syntax; node --check ${file} shows the place.` : 'Mend the syntax.';
    return failed(file, `syntax error: ${message}${place}`, fix, thrown);
  }
  return failed(
    file,
    `${name}: ${message}${placeOf(thrown)}`,
    'Mend the code that runs when the file is imported.',
    thrown,
  );
};

/** A wrong definition keeps its code; the place is what the reader looks for. */
const definitionFailure = (file: string, error: MillraceError): MillraceError => {
  const { kind, code, message, fix, fields } = error;
  const place = placeOf(error) || ` (in ${file})`;
  return new MillraceError(kind, code, `${message}${place}`, {
    ...(fix === undefined ? {} : { fix }),
    fields: { ...fields, file },
    cause: error,
  });
};

const failed = (file: string, why: string, fix: string, cause: unknown): MillraceError =>
  new MillraceError('input', 'NOT_A_PIPELINE', `${file} cannot be imported: ${why}`, { fix, fields: { file }, cause });

const missingModule = (message: string): string => {
  const packageName = /Cannot find package '([^']+)'/.exec(message)?.[1];
  if (packageName === undefined)
    return 'Correct the path in the import; relative imports name the file with its ending.';
  return `Run npm install where the file's package.json is${packageName === 'millrace' ? '' : `, or npm install ${packageName}`}.`;
};

/**
 * Where the error happened in the user's code: with the lines that Node shows of a syntax error, else the first place
 * that is not inside Node or Millrace.
 */
const placeOf = (error: Error): string => {
  const stack = error.stack ?? '';
  const head = stack.slice(0, Math.max(0, stack.indexOf(`${error.name}`))).trimEnd();
  if (head !== '') {
    const [place = '', ...code] = head.split('\n');
    return `\n  at ${shortPath(place)}\n${code.map((line) => `    ${line}`).join('\n')}`.trimEnd();
  }
  const frame = /\(?(file:\/\/\/[^\s)]+:\d+:\d+)\)?/g;
  const places = [...stack.matchAll(frame)].map(([, place]) => place as string);
  const own = places.find((place) => !place.startsWith(ownCode));
  return own === undefined ? '' : ` (at ${shortPath(own)})`;
};

const ownCode = new URL('../lib/', import.meta.url).href;

const shortPath = (place: string): string => {
  const path = place.startsWith('file:') ? fileURLToPath(place) : place;
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
};
