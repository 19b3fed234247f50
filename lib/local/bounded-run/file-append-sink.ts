import { open } from 'node:fs/promises';
import { compareVersions } from '../../connectors/row-fence.ts';
import { type OutputRow, type OutputVersion, outputIdOf, type SinkWriter } from '../../connectors/sink-port.ts';

const bufferBytes = 256 * 1024;

/**
 * Appends rows to a file, a JSON value a line, as they come: results need not fit into memory. A row that is offered
 * again is dropped: every writer offers its rows in version order, so its last version tells what is known.
 */
export class FileAppendSink implements SinkWriter {
  readonly #write: (text: string) => Promise<void>;
  readonly #close: () => Promise<void>;
  readonly #lastOfUnit = new Map<string, OutputVersion>();
  #text = '';
  #writing: Promise<void> = Promise.resolve();
  /** Rows taken. */
  count = 0;

  private constructor(write: (text: string) => Promise<void>, close: () => Promise<void>) {
    this.#write = write;
    this.#close = close;
  }

  /** Creates the file, or empties it. */
  static async create(path: string): Promise<FileAppendSink> {
    const file = await open(path, 'w');
    return new FileAppendSink(
      (text) => file.appendFile(text),
      () => file.close(),
    );
  }

  async write(rows: readonly OutputRow[]): Promise<void> {
    for (const row of rows) {
      if (!this.#isNew(row)) continue;
      this.#text += `${JSON.stringify(row.value)}\n`;
      this.count++;
    }
    if (this.#text.length >= bufferBytes) await this.#flush();
  }

  /** Writes what is left. Nothing may be written afterwards. */
  async close(): Promise<void> {
    try {
      await this.#flush();
    } finally {
      await this.#close();
    }
  }

  #isNew({ unit, version, outputId }: OutputRow): boolean {
    // Sent before its commit: another attempt may give the number to another row.
    if (outputId !== outputIdOf(unit, version.n, version.index)) return true;
    const last = this.#lastOfUnit.get(unit);
    if (last !== undefined && compareVersions(last, version) >= 0) return false;
    this.#lastOfUnit.set(unit, version);
    return true;
  }

  /** Several tasks write: one after the other, or their parts would mix. */
  #flush(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    this.#writing = this.#writing.then(() => (text === '' ? undefined : this.#write(text)));
    return this.#writing;
  }
}
