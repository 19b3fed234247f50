import { maxRecordBytes } from '../../connectors/record-size.ts';
import { MillraceError } from '../../errors/millrace-error.ts';
import type { SourceNode } from '../../graph/logical-graph.ts';
import { type InputFile, readInput } from './open-input.ts';
import { type Line, splitLines } from './split-lines.ts';

/** Room for the partition key, which counts towards a record's size. */
const keyBytes = 256;

/** One line of JSON, at most: longer ones cannot have been records of a stream. */
export const maxLineBytes = maxRecordBytes - keyBytes;

/** So many lines at the beginning decide whether the file is JSONL at all. A single bad line among them is a bad record. */
const decidingLines = 10;

/**
 * The lines of an input, in lists. Lines that are not JSON are handed on: the source quarantines them. But a file whose
 * first lines are all of another form is not JSONL, and is refused as a whole.
 *
 * @throws MillraceError `FILE_NOT_JSONL`, with the line
 */
export async function* readJsonl(
  source: SourceNode,
  input: InputFile,
  onBytes: (count: number) => void,
): AsyncGenerator<readonly Line[], void> {
  let decided = false;
  let head: Line[] = [];
  let lastLine = 0;
  try {
    for await (const lines of splitLines(readInput(input, onBytes), maxLineBytes)) {
      lastLine = lines.at(-1)?.number ?? lastLine;
      if (decided) {
        yield lines;
        continue;
      }
      head = head.length === 0 ? [...lines] : [...head, ...lines];
      if (head.length < decidingLines) continue;
      requireJsonl(source, input, head);
      decided = true;
      yield head;
    }
  } catch (error) {
    throw damaged(error, input, lastLine);
  }
  if (decided || head.length === 0) return;
  requireJsonl(source, input, head);
  yield head;
}

const requireJsonl = (source: SourceNode, input: InputFile, head: readonly Line[]): void => {
  const first = head[0] as Line;
  const parsed = head.slice(0, decidingLines).map(parse);
  const opensDocument = /^[[{]$/.test(Buffer.from(first.data).toString('latin1'));
  if (opensDocument || parsed.every((value) => value === undefined)) {
    throw notJsonl(input, first, whatInstead(input, first));
  }
  const [value] = parsed;
  if (head.length > 1 || !Array.isArray(value) || source.spec.schema.safeParse(value).success) return;
  throw notJsonl(input, first, {
    what: `one JSON array of ${value.length} values`,
    fix: "Write one value a line, as with: jq -c '.[]'",
  });
};

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** `undefined` where it is no JSON text. */
const parse = (line: Line): unknown => {
  if (line.sizeBytes > line.data.length) return undefined;
  try {
    return JSON.parse(utf8.decode(line.data));
  } catch {
    return undefined;
  }
};

interface Finding {
  readonly what: string;
  readonly fix: string;
}

const whatInstead = (input: InputFile, { data, sizeBytes }: Line): Finding => {
  const text = Buffer.from(data).toString('utf8');
  if (data[0] === 0xff && data[1] === 0xfe) return { what: 'UTF-16 text', fix: 'Convert the file to UTF-8.' };
  if (sizeBytes > data.length) {
    const what = `a line of ${sizeBytes} bytes, where a record has at most ${maxLineBytes}: ${shorten(text)}`;
    return { what, fix: "Write one JSON value a line. A JSON array is cut into lines by: jq -c '.[]'" };
  }
  if (/^[[{]/.test(text)) {
    const fix =
      "Write one JSON value a line. A document over several lines is converted by: jq -c . (or '.[]' for an array)";
    return { what: `the beginning of a JSON document over several lines, or broken JSON: ${shorten(text)}`, fix };
  }
  const packed = input.name.endsWith('.gz') ? ' (and the file is not gzip, as its name says)' : '';
  return { what: `${shorten(text)}${packed}`, fix: 'Give a file with one JSON value a line.' };
};

const shorten = (text: string): string => JSON.stringify(text.length <= 60 ? text : `${text.slice(0, 59)}…`);

const notJsonl = (input: InputFile, { number }: Line, { what, fix }: Finding): MillraceError =>
  new MillraceError('input', 'FILE_NOT_JSONL', `${input.name}, line ${number}, is not JSONL: it has ${what}.`, {
    fix,
    fields: { file: input.name, line: number },
  });

const damaged = (error: unknown, input: InputFile, lastLine: number): unknown => {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code?.startsWith('Z_') !== true) return error;
  return new MillraceError(
    'input',
    'FILE_NOT_JSONL',
    `${input.name} is gzip, but damaged or cut off after line ${lastLine}: ${message}.`,
    { fix: 'Copy or download the file again; `gzip -t FILE` checks it.', fields: { file: input.name }, cause: error },
  );
};
