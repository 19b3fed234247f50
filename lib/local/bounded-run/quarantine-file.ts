import type { Rejection } from '../../commit/outbox.ts';
import type { RejectionCode } from '../../errors/codes.ts';
import { maxLineBytes } from './jsonl-input.ts';
import type { LineIndex } from './line-index.ts';
import type { Line } from './split-lines.ts';

/** One line of `_quarantine.jsonl`. */
export interface QuarantinedLine {
  readonly code: RejectionCode;
  readonly message: string;
  /** Where in the value, as `a.b[0]`; empty for the whole. */
  readonly path: string;
  /** The operator that rejected it. */
  readonly operator: string;
  readonly stage: string;
  /** The file and line that it came from; absent for rows between stages and for panes, which several lines made. */
  readonly file?: string;
  readonly line?: number;
  /** `record`: a line as it came. `row`, `pane`: JSON text. */
  readonly payloadKind: Rejection['payloadKind'];
  readonly payloadEncoding: 'text' | 'base64';
  readonly payload: string;
  /** Present where the payload is only the beginning. */
  readonly payloadTruncated?: true;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const encode = (bytes: Uint8Array): Pick<QuarantinedLine, 'payloadEncoding' | 'payload'> => {
  try {
    return { payloadEncoding: 'text', payload: utf8.decode(bytes) };
  } catch {
    return { payloadEncoding: 'base64', payload: Buffer.from(bytes).toString('base64') };
  }
};

/** A rejection of the pipeline. */
export const quarantined = (
  rejection: Rejection,
  files: ReadonlyMap<string, string>,
  index: LineIndex,
): QuarantinedLine => {
  const { code, message, path, operator, stage, payloadKind, payload } = rejection;
  const line = index.find(rejection);
  const file = files.get(stage);
  return {
    code,
    message,
    path,
    operator,
    stage,
    ...(line === undefined || file === undefined ? {} : { file, line }),
    payloadKind,
    ...(payloadKind === 'record'
      ? encode(Buffer.from(payload, 'base64'))
      : { payloadEncoding: 'text' as const, payload }),
  };
};

/** A line that could not even be put into the stream. */
export const quarantinedAsTooLong = (source: string, file: string, line: Line): QuarantinedLine => ({
  code: 'TOO_LARGE',
  message: `the line has ${line.sizeBytes} bytes; a record has at most ${maxLineBytes}`,
  path: '',
  operator: source,
  stage: source,
  file,
  line: line.number,
  payloadKind: 'record',
  ...encode(line.data),
  payloadTruncated: true,
});

/** By file and line; what has none comes after, in the order of its commits. */
export const inFileOrder = (
  entries: readonly QuarantinedLine[],
  files: readonly string[],
): readonly QuarantinedLine[] =>
  [...entries].sort((a, b) => placeOf(a, files) - placeOf(b, files) || (a.line ?? 0) - (b.line ?? 0));

const placeOf = ({ file }: QuarantinedLine, files: readonly string[]): number =>
  file === undefined ? files.length : files.indexOf(file);
