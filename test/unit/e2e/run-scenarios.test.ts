import { MillraceError } from 'millrace';
import { describe, expect, it } from 'vitest';
import { Cdk } from '../../e2e/cdk.ts';
import type { Cloud } from '../../e2e/cloud.ts';
import { runScenarios } from '../../e2e/run-scenarios.ts';
import type { Scenario, Stage } from '../../e2e/scenario.ts';

const scenario = (name: string, run: () => Promise<string>): Scenario => ({ name, shows: `${name} holds`, run });
const passing = (name: string) => scenario(name, async () => `${name} was seen`);
const stage = {} as Stage;

const verdictsOf = async (scenarios: readonly Scenario[], wanted = (_: Scenario) => true) => {
  const outcomes = await runScenarios(scenarios, stage, wanted, () => undefined);
  return outcomes.map(({ scenario: { name }, verdict, evidence }) => [name, verdict, evidence]);
};

describe('scenarios', () => {
  it('are run in their order, each with what was seen', async () => {
    expect(await verdictsOf([passing('a'), passing('b')])).toEqual([
      ['a', 'shown', 'a was seen'],
      ['b', 'shown', 'b was seen'],
    ]);
  });

  it('that come after a failure are listed as not run', async () => {
    const failing = scenario('b', async () => {
      throw new MillraceError('configuration', 'DEPLOY_FAILED', 'It broke.', { fix: 'Mend it.' });
    });
    expect(await verdictsOf([passing('a'), failing, passing('c')])).toEqual([
      ['a', 'shown', 'a was seen'],
      ['b', 'failed', 'DEPLOY_FAILED: It broke. Fix: Mend it.'],
      ['c', 'not run', 'after b'],
    ]);
  });

  it('that are left out are listed as not run', async () => {
    expect(await verdictsOf([passing('a'), passing('b')], ({ name }) => name === 'a')).toEqual([
      ['a', 'shown', 'a was seen'],
      ['b', 'not run', 'left out'],
    ]);
  });
});

describe('a deployment', () => {
  it.each(['ROLLBACK_COMPLETE', 'UPDATE_IN_PROGRESS', 'DELETE_FAILED'])(
    'onto a stack that is %s is refused with the fix, before cdk runs',
    async (status) => {
      const cloud = { stackStatus: async () => status } as unknown as Cloud;
      // A folder that cannot be made: cdk would fail by it.
      const cdk = new Cdk(cloud, '/dev/null/nowhere', new AbortController().signal);
      await expect(cdk.deploy('Stack')).rejects.toMatchObject({
        code: 'DEPLOY_FAILED',
        message: `Stack Stack is half deployed: it is ${status}.`,
        fix: expect.stringContaining('npx cdk destroy Stack'),
      });
    },
  );
});
