import type { RunningLocalStack } from '../../localstack/host/start-localstack.ts';
import type { Cdk } from './cdk.ts';
import type { Cli } from './cli.ts';
import type { Cloud } from './cloud.ts';
import type { RevenueRun } from './revenue-run.ts';
import type { VisitsRun } from './visits-run.ts';

/** What scenarios work on. They run one after the other, on what the ones before left. */
export interface Stage {
  readonly cloud: Cloud;
  readonly cdk: Cdk;
  readonly cli: Cli;
  /** `undefined` where the emulator was started by somebody else. */
  readonly localStack: RunningLocalStack | undefined;
  readonly seed: number;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
  /** Set by the deployment, which is the first scenario. */
  revenue?: RevenueRun;
  visits?: VisitsRun;
}

export interface Scenario {
  readonly name: string;
  /** What holds if it passes, as a sentence. */
  readonly shows: string;
  /** What has to have run before, besides the deployment. Default: nothing. */
  readonly after?: Scenario;
  /** @returns what was seen, in a few words. Throws where it was something else */
  run(stage: Stage): Promise<string>;
}

/** What the scenarios before have deployed. */
export const revenueOf = ({ revenue }: Stage): RevenueRun => {
  if (revenue === undefined) throw new Error('the pipeline is not deployed');
  return revenue;
};
