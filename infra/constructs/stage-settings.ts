import { Duration } from 'aws-cdk-lib';
import type { StageProps } from './stream-pipeline-props.ts';

/** A stage's properties with nothing left open. */
export type StageSettings = Required<StageProps>;

const defaults: StageSettings = {
  memorySize: 1_024,
  timeout: Duration.seconds(60),
  batchSize: 1_000,
  batchingWindow: Duration.seconds(1),
  enhancedFanOut: false,
  filters: [],
};

interface GivenSettings extends StageProps {
  readonly stages?: Readonly<Record<string, StageProps>>;
}

/** What holds for a stage: its own properties, else the pipeline's, else the defaults. */
export const settingsOf = (stage: string, given: GivenSettings): StageSettings => {
  const own = given.stages?.[stage] ?? {};
  const pick = <N extends keyof StageSettings>(name: N): StageSettings[N] =>
    (own[name] ?? given[name] ?? defaults[name]) as StageSettings[N];
  return {
    memorySize: pick('memorySize'),
    timeout: pick('timeout'),
    batchSize: pick('batchSize'),
    batchingWindow: pick('batchingWindow'),
    enhancedFanOut: pick('enhancedFanOut'),
    filters: pick('filters'),
  };
};
