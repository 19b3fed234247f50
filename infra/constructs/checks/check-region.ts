import { Annotations, Stack, Token } from 'aws-cdk-lib';
import { RegionInfo } from 'aws-cdk-lib/region-info';
import type { Construct } from 'constructs';
import { closestName } from '../../../lib/core/closest-name.ts';

/**
 * Warns of a region that this CDK does not know: most likely a misspelt one, but it may be newer than CDK. `cdk synth --strict` refuses
 * it. Whether a region has every service is told only by the deployment.
 */
export const checkRegion = (scope: Construct): void => {
  const { region } = Stack.of(scope);
  const known = RegionInfo.regions.map(({ name }) => name);
  if (Token.isUnresolved(region) || known.includes(region)) return;
  const closest = closestName(region, known);
  Annotations.of(scope).addWarningV2(
    'millrace:unknown-region',
    `The stack's region '${region}' is none that this CDK knows. ${
      closest === undefined
        ? 'Correct it in env of the stack, or update aws-cdk-lib if it is new.'
        : `Did you mean '${closest}'? Correct it in env of the stack.`
    }`,
  );
};
