import type { SinkWriter } from '../../connectors/sink-port.ts';
import type { SinkPlan } from '../../graph/plan.ts';
import { MemoryTableSink } from '../../memory/memory-table-sink.ts';
import { FileAppendSink } from './file-append-sink.ts';
import { writeJsonl } from './write-jsonl.ts';

/** A sink of the pipeline whose rows end in a file. */
export interface SinkFile {
  readonly writer: SinkWriter;
  /** Completes the file. @returns how many rows it has */
  finish(): Promise<number>;
  /** Lets go of the file as it is. */
  close(): Promise<void>;
}

/** A table's rows are kept as they change and written at the end, sorted by key; appended rows are written as they come. */
export const openSinkFile = async (sink: SinkPlan, path: string): Promise<SinkFile> =>
  sink.kind === 'dynamo' ? tableFile(sink, path) : appendFile(path);

const tableFile = (sink: SinkPlan, path: string): SinkFile => {
  const table = new MemoryTableSink(sink.target, sink.key);
  return {
    writer: table,
    finish: async () => {
      const rows = table.rows();
      await writeJsonl(path, rows);
      return rows.length;
    },
    close: async () => undefined,
  };
};

const appendFile = async (path: string): Promise<SinkFile> => {
  const sink = await FileAppendSink.create(path);
  return {
    writer: sink,
    finish: async () => {
      await sink.close();
      return sink.count;
    },
    close: () => sink.close(),
  };
};
