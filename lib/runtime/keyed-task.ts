import type { LpRange } from '../commit/marks.ts';
import type { StageProgram } from '../operators/stage-program.ts';
import type { StageEpochs } from './epoch-reader.ts';
import type { PacketReader } from './packet-reader.ts';
import type { PieceLimits } from './piece.ts';

/** What computing in a keyed stage needs to know of its task. */
export interface KeyedTask {
  /** The name of its log. */
  readonly unit: string;
  readonly stage: string;
  readonly shardId: string;
  readonly program: StageProgram;
  readonly owned: LpRange;
  readonly partitions: number;
  readonly limits: PieceLimits;
  readonly packets: PacketReader;
  /** Whether what follows a rejected row of a key waits for it. */
  readonly parks: boolean;
  readonly epochs: StageEpochs;
}
