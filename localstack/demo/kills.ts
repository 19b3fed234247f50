import type { InvocationMoment, LocalDeployment } from 'millrace/local';

export interface PlannedKill {
  readonly stage: string;
  /** The step of the protocol that the victim has just passed. */
  readonly step: string;
  readonly description: string;
}

/** One on each side of a commit: what was only computed is computed again, what was committed is only sent again. */
export const plannedKills: readonly PlannedKill[] = [
  {
    stage: 'orders',
    step: 'committed',
    description: 'committed, outputs not yet sent',
  },
  {
    stage: 'by-province',
    step: 'computed',
    description: 'computed, not yet committed',
  },
];

/** Kills the next container of the stage that passes the step with a batch in hand. */
export const armKill = async (
  deployment: LocalDeployment,
  { stage, step, description }: PlannedKill,
): Promise<string> => {
  const { containerId } = await deployment.killDuring(stage, (moment) => isStepOfBatch(moment, step));
  return `✂ Container ${containerId} of stage ${stage} killed in the middle of a batch: ${description}.`;
};

const isStepOfBatch = ({ at, line, event }: InvocationMoment, step: string): boolean =>
  at === 'log' && line?.includes(`"step":"${step}"`) === true && (event as { Records?: unknown }).Records !== undefined;
