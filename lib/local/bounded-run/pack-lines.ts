import { AggregatePacker } from '../../connectors/kpl/aggregate.ts';
import type { PutEntry } from '../../connectors/stream-port.ts';
import type { Line } from './split-lines.ts';

/** A record for the stream, and the numbers of the lines in it, in their order. */
export interface PackedLines {
  readonly entry: PutEntry;
  readonly lines: readonly number[];
}

export type PackLines = (lines: readonly Line[]) => PackedLines[];

/** Kept well below the bounds of a commit: all that one stream record leads to is committed at once. */
const aggregateBytes = 64 * 1024;

/** Files have no partition keys: the line's number spreads records over shards, the same way in every run. */
const entryOf = ({ number, data }: Line): PutEntry => ({ data, partitionKey: String(number) });

/** A record for each line. */
export const packSingly: PackLines = (lines) => lines.map((line) => ({ entry: entryOf(line), lines: [line.number] }));

/** Many lines in a record, as producer libraries do it: the Kinesis engine takes few records a second, but large ones. */
export const packTogether: PackLines = (lines) => {
  const packer = new AggregatePacker({ maxSizeBytes: aggregateBytes });
  const packed: PackedLines[] = [];
  let numbers: number[] = [];
  const finish = (): void => {
    for (const entry of packer.take()) packed.push({ entry, lines: numbers });
    numbers = [];
  };
  for (const line of lines) {
    if (line.data.length * 2 > aggregateBytes) {
      finish();
      packed.push({ entry: entryOf(line), lines: [line.number] });
      continue;
    }
    if (!packer.tryAdd(entryOf(line))) {
      finish();
      packer.tryAdd(entryOf(line));
    }
    numbers.push(line.number);
  }
  finish();
  return packed;
};
