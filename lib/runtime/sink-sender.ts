import type { SinkOutput, SinkRow } from '../commit/outbox.ts';
import { type OutputRow, outputIdOf, type SinkWriter, type WriteContext } from '../connectors/sink-port.ts';
import type { Deadline } from './deadline.ts';
import type { RuntimePorts } from './ports.ts';

/** Rows given to a sink at once, unless it knows better; the deadline is looked at in between. */
const SINK_CHUNK_ROWS = 100;

/** Gives rows to the writers of their sinks: those of a committed outbox, and those that a delivery mode keeps out of it. */
export class SinkSender {
  readonly #ports: RuntimePorts;
  readonly #incarnation: number;

  constructor(ports: RuntimePorts, incarnation: number) {
    this.#ports = ports;
    this.#incarnation = incarnation;
  }

  /**
   * Writes rows in their order, and returns those that the deadline left.
   * @param attemptId given where the rows' commit is not made yet: another attempt may give their numbers to other rows
   */
  async send(
    unit: string,
    outputs: readonly SinkOutput[],
    deadline: Deadline,
    attemptId?: string,
  ): Promise<readonly SinkOutput[]> {
    const left = await Promise.all(
      outputs.map(async ({ sink, rows }) => {
        const writer = this.#writer(sink);
        const all = this.#outputRows(unit, rows, attemptId);
        let from = 0;
        while (from < all.length && !deadline.passed) {
          const to = endOfChunk(writer, all, from);
          await writer.write(all.slice(from, to), deadline);
          from = to;
        }
        return { sink, rows: rows.slice(from) };
      }),
    );
    return left.filter(({ rows }) => rows.length > 0);
  }

  /**
   * Sends the rows of a commit that this process has made, one time. It never throws: what was not taken, or for which no time
   * is left, is counted.
   */
  async sendOnce(unit: string, outputs: readonly SinkOutput[], deadline: Deadline): Promise<void> {
    await Promise.all(
      outputs.map(async ({ sink, rows }) => {
        const writer = this.#writer(sink);
        const onUnsent = (count: number) => this.#ports.observer.unsent?.(unit, sink, count);
        const context: WriteContext = {
          get remainingMs() {
            return deadline.remainingMs;
          },
          onUnsent,
        };
        const all = this.#outputRows(unit, rows, undefined);
        for (let from = 0; from < all.length; ) {
          if (deadline.passed) return onUnsent(all.length - from);
          const to = endOfChunk(writer, all, from);
          await writer.write(all.slice(from, to), context).catch(() => onUnsent(to - from));
          from = to;
        }
      }),
    );
  }

  #writer(sink: string): SinkWriter {
    const writer = this.#ports.sinks.get(sink);
    if (writer === undefined) throw new Error(`no writer for sink '${sink}'`);
    return writer;
  }

  #outputRows(unit: string, rows: readonly SinkRow[], attemptId: string | undefined): readonly OutputRow[] {
    return rows.map(({ value, lp, eventTimeMs, partitionKey, n, index }) => ({
      value,
      unit,
      version: { incarnation: this.#incarnation, n, index },
      lp,
      outputId: outputIdOf(unit, n, index, attemptId),
      eventTimeMs,
      partitionKey,
    }));
  }
}

const endOfChunk = (writer: SinkWriter, rows: readonly OutputRow[], from: number): number =>
  Math.min(rows.length, from + (writer.cut?.(rows.slice(from)) ?? SINK_CHUNK_ROWS));
