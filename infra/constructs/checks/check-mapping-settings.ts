import { type CfnElement, Stack } from 'aws-cdk-lib';
import type { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { checkMapping, type GuardedSettings, type MappingRole } from '../../../lib/runtime/guards.ts';

/**
 * Checks a mapping as it will be deployed, whatever has been done to it since: by aspects, escape hatches and overrides.
 *
 * @throws MillraceError `PARALLELIZATION_FACTOR`, `MAPPING_UNSAFE` (configuration)
 */
export const checkMappingSettings = (mapping: EventSourceMapping, role: MappingRole): void =>
  checkMapping(propertiesOf(mapping.node.defaultChild as CfnElement), role);

/** The only way to see overrides. It is what CDK's own synthesis calls. */
const propertiesOf = (element: CfnElement): GuardedSettings => {
  const template = Stack.of(element).resolve(
    (element as unknown as { _toCloudFormation(): unknown })._toCloudFormation(),
  ) as { readonly Resources: Readonly<Record<string, { readonly Properties: GuardedSettings }>> };
  return Object.values(template.Resources)[0]?.Properties ?? {};
};
