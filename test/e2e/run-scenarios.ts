import { MillraceError } from 'millrace';
import type { Scenario, Stage } from './scenario.ts';

export interface Outcome {
  readonly scenario: Scenario;
  readonly verdict: 'shown' | 'failed' | 'not run';
  /** What was seen. */
  readonly evidence: string;
  readonly seconds: number;
}

/** One after the other. What comes after a failure is not run: it would be judged on what the failure left. */
export const runScenarios = async (
  scenarios: readonly Scenario[],
  stage: Stage,
  wanted: (scenario: Scenario) => boolean,
  say: (text: string) => void,
): Promise<readonly Outcome[]> => {
  const outcomes: Outcome[] = [];
  for (const scenario of scenarios) {
    const failed = outcomes.find(({ verdict }) => verdict === 'failed');
    if (failed !== undefined || !wanted(scenario)) {
      const evidence = failed === undefined ? 'left out' : `after ${failed.scenario.name}`;
      outcomes.push({ scenario, verdict: 'not run', evidence, seconds: 0 });
      continue;
    }
    say(`  ${scenario.name}: ${scenario.shows} …`);
    const startMs = Date.now();
    const outcome = await scenario.run(stage).then(
      (evidence) => ({ verdict: 'shown' as const, evidence }),
      (error: unknown) => ({ verdict: 'failed' as const, evidence: tell(error) }),
    );
    outcomes.push({ scenario, ...outcome, seconds: (Date.now() - startMs) / 1_000 });
    say(`    ${outcome.verdict}: ${outcome.evidence}`);
  }
  return outcomes;
};

const tell = (error: unknown): string => {
  if (error instanceof MillraceError) return `${error.code}: ${error.message} Fix: ${error.fix}`;
  return error instanceof Error ? `${error.message}` : String(error);
};
