/** A line of a text file, as bytes: nothing is decoded before the pipeline's source does it. */
export interface Line {
  /** From 1, blank lines counted. */
  readonly number: number;
  /** Without the line end. Only the first bytes where `sizeBytes` says that there were more. */
  readonly data: Uint8Array;
  readonly sizeBytes: number;
}

/** What is kept of a line that is longer than allowed. */
const KEPT_OF_LONG_LINE = 1_024;

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;

/**
 * Cuts bytes into lines, a list for each chunk that completes some. Blank lines are left out. Of a line that is longer
 * than `maxBytes` only the beginning is kept, so a file without line ends does not fill the memory.
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<readonly Line[], void> {
  const open = new OpenLine(maxBytes);
  let number = 0;
  for await (const chunk of chunks) {
    const lines: Line[] = [];
    let from = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, from)) {
      number++;
      const line = open.end(chunk.subarray(from, end), number);
      if (line !== undefined) lines.push(line);
      from = end + 1;
    }
    open.add(chunk.subarray(from));
    if (lines.length > 0) yield lines;
  }
  const last = open.end(new Uint8Array(), number + 1);
  if (last !== undefined) yield [last];
}

/** The line whose end has not come yet. */
class OpenLine {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #sizeBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(part: Uint8Array): void {
    if (part.length === 0) return;
    // Once it is too long its beginning is enough.
    if (this.#sizeBytes <= this.#maxBytes) this.#parts.push(part);
    this.#sizeBytes += part.length;
  }

  end(part: Uint8Array, number: number): Line | undefined {
    this.add(part);
    const whole = this.#parts.length === 1 ? (this.#parts[0] as Uint8Array) : Buffer.concat(this.#parts);
    const totalBytes = this.#sizeBytes;
    this.#parts = [];
    this.#sizeBytes = 0;
    if (totalBytes > this.#maxBytes) return { number, data: whole.slice(0, KEPT_OF_LONG_LINE), sizeBytes: totalBytes };
    const data = trim(number === 1 ? withoutMark(whole) : whole);
    return data.length === 0 ? undefined : { number, data, sizeBytes: data.length };
  }
}

const withoutMark = (line: Uint8Array): Uint8Array =>
  BYTE_ORDER_MARK.every((byte, i) => line[i] === byte) ? line.subarray(BYTE_ORDER_MARK.length) : line;

const isBlank = (byte: number | undefined): boolean => byte === SPACE || byte === TAB || byte === CR;

const trim = (line: Uint8Array): Uint8Array => {
  let from = 0;
  let to = line.length;
  while (from < to && isBlank(line[from])) from++;
  while (to > from && isBlank(line[to - 1])) to--;
  return line.subarray(from, to);
};
