import { type IResource, Stack, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { invalidOption } from '../../../lib/core/check-options.ts';
import type { StreamPipelineProps } from '../stream-pipeline-props.ts';

type Given = Pick<StreamPipelineProps, 'streams' | 'tables' | 'stateTable'>;

/**
 * Functions find streams and tables by their names, in their own account and region: one that lies elsewhere would not be found, or
 * another one of its name would.
 *
 * @throws MillraceError `INVALID_OPTION` (definition)
 */
export const checkPlaces = (
  scope: Construct,
  pipeline: string,
  { streams = {}, tables = {}, stateTable }: Given,
): void => {
  const { account, region } = Stack.of(scope);
  const given: (readonly [string, IResource])[] = [
    ...Object.entries(streams).map(([name, stream]) => [`streams.${name}`, stream] as const),
    ...Object.entries(tables).map(([name, table]) => [`tables.${name}`, table] as const),
    ...(stateTable === undefined ? [] : [['stateTable', stateTable] as const]),
  ];
  for (const [option, { env }] of given) {
    const elsewhere = [
      ...(differ(env.account, account) ? [`account ${env.account}`] : []),
      ...(differ(env.region, region) ? [`region ${env.region}`] : []),
    ].join(' and ');
    if (elsewhere === '') continue;
    throw invalidOption(
      `StreamPipeline '${pipeline}'`,
      `option '${option}' lies in ${elsewhere}; allowed is ${account} in ${region}, where the functions are`,
      'Put the stack where it is, or bring the records here.',
      { option, account: env.account, region: env.region },
    );
  }
};

/** What is known only when it is deployed may be the same. */
const differ = (one: string, other: string): boolean =>
  !Token.isUnresolved(one) && !Token.isUnresolved(other) && one !== other;
