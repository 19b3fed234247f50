import type { Job } from '../commit/job.ts';
import { MillraceError } from '../errors/millrace-error.ts';
import type { StageUpgrade } from '../operators/stage-upgrade.ts';
import { type LayoutChange, layoutChange } from '../state/state-layout.ts';
import type { EpochReader } from '../state/state-upgrade.ts';

/** What a stage reads of other epochs: entries and outputs, as every task does, and combined rows of packets. */
export interface StageEpochs extends EpochReader {
  from(epoch: number): StageUpgrade | undefined;
}

/** Reads what earlier deployments of the job have written for a stage. */
export const stageEpochs = (
  { epoch: own, epochs }: Pick<Job, 'epoch' | 'epochs'>,
  stage: string,
  compile: (change: LayoutChange) => StageUpgrade,
): StageEpochs => {
  const known = new Map<number, StageUpgrade | undefined>();
  return {
    epoch: own,
    from(epoch) {
      if (epoch === own) return undefined;
      if (epoch > own) throw newerEpoch(stage, epoch, own);
      if (!known.has(epoch)) {
        const change = layoutChange(epochs, stage, epoch);
        known.set(epoch, change && compile(change));
      }
      return known.get(epoch);
    },
  };
};

/** Two versions of a job never write one log: what the newer one has written ends the older one. */
export const newerEpoch = (stage: string, epoch: number, own: number): MillraceError =>
  new MillraceError(
    'configuration',
    'PLAN_MISMATCH',
    `Stage '${stage}' was taken over by epoch ${epoch}; this container runs epoch ${own}.`,
    {
      fix: 'Nothing if a deployment is under way: the mapping moves to the new version.',
      fields: { stage, epoch, own },
    },
  );
