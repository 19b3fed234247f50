import { compareVersions } from '../../connectors/row-fence.ts';
import type { OutputRow } from '../../connectors/sink-port.ts';
import { dedupWindowMs } from '../../connectors/sqs/queue-port.ts';
import type { TakenMessage } from '../../memory/memory-queue.ts';

export type Report = (what: string) => void;

/** Repeats carry the id of the first and say the same. */
export class RepeatWatch {
  readonly #sink: string;
  readonly #report: Report;
  readonly #bodies = new Map<string, string>();

  constructor(sink: string, report: Report) {
    this.#sink = sink;
    this.#report = report;
  }

  onTaken({ outputId, body }: { readonly outputId: string; readonly body: string }): void {
    const before = this.#bodies.get(outputId);
    if (before !== undefined && before !== body)
      this.#report(`sink ${this.#sink}: ${outputId} came again with ${body}; it was ${before}`);
    this.#bodies.set(outputId, before ?? body);
  }
}

/** What a FIFO queue promises: nothing twice within its window, and the rows of a group in the order of their commits. */
export class QueueWatch {
  readonly #sink: string;
  readonly #fifo: boolean;
  readonly #report: Report;
  readonly #repeats: RepeatWatch;
  readonly #takenMs = new Map<string, number>();
  readonly #lastOfGroup = new Map<string, OutputRow>();

  constructor(sink: string, fifo: boolean, report: Report) {
    this.#sink = sink;
    this.#fifo = fifo;
    this.#report = report;
    this.#repeats = new RepeatWatch(sink, report);
  }

  onTaken(message: TakenMessage, row: OutputRow | undefined): void {
    this.#repeats.onTaken(message);
    if (!this.#fifo) return;
    const { outputId, takenMs, groupId } = message;
    const beforeMs = this.#takenMs.get(outputId);
    this.#takenMs.set(outputId, takenMs);
    if (beforeMs !== undefined) {
      if (takenMs - beforeMs < dedupWindowMs)
        this.#report(`sink ${this.#sink}: ${outputId} was taken twice within ${takenMs - beforeMs} ms`);
      return;
    }
    if (row === undefined) return;
    const group = `${row.unit} ${groupId}`;
    const last = this.#lastOfGroup.get(group);
    if (last !== undefined && compareVersions(last.version, row.version) > 0)
      this.#report(`sink ${this.#sink}: ${outputId} came after ${last.outputId}, of the same group`);
    this.#lastOfGroup.set(group, row);
  }
}

/** What the objects of a bucket promise: each row is in one of them, and in a unit's folder they appear in the order of their names. */
export class ObjectWatch {
  readonly #sink: string;
  readonly #report: Report;
  readonly #lastOfFolder = new Map<string, string>();
  readonly #objectOf = new Map<string, string>();

  constructor(sink: string, report: Report) {
    this.#sink = sink;
    this.#report = report;
  }

  onCreated(key: string, rows: readonly OutputRow[]): void {
    const folder = key.slice(0, key.lastIndexOf('/'));
    const last = this.#lastOfFolder.get(folder);
    if (last !== undefined && last > key) this.#report(`sink ${this.#sink}: ${key} appeared after ${last}`);
    this.#lastOfFolder.set(folder, key);
    for (const { outputId } of rows) {
      const other = this.#objectOf.get(outputId);
      if (other !== undefined) this.#report(`sink ${this.#sink}: ${outputId} is in ${key}, and in ${other}`);
      this.#objectOf.set(outputId, key);
    }
  }
}
