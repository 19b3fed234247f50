import { Token } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { MillraceError } from '../../../lib/errors/millrace-error.ts';
import type { Plan } from '../../../lib/graph/plan.ts';
import type { PipelineResources } from '../pipeline-resources.ts';

/** What is looked at of a pipeline in the same app. */
export interface Neighbour {
  readonly plan: Plan;
  readonly resources: PipelineResources;
}

/**
 * A table belongs to one pipeline, and in it to one purpose: two would refuse each other's rows, or take each other's state for theirs.
 *
 * @param others the other pipelines of the app
 * @throws MillraceError `RESOURCE_SHARED` (configuration)
 */
export const checkNeighbours = (own: Neighbour, others: readonly Neighbour[]): void => {
  const tables = tablesOf(own);
  for (const [i, [purpose, table]] of tables.entries()) {
    const other = [...tables.slice(i + 1), ...others.flatMap(tablesOf)].find(([, theirs]) => isSame(table, theirs));
    if (other === undefined) continue;
    throw new MillraceError(
      'configuration',
      'RESOURCE_SHARED',
      `One table is given for ${purpose} and for ${other[0]}.`,
      {
        fix: 'Give each a table of its own: who writes a row is told by the pipeline and the sink.',
        fields: { purpose, other: other[0] },
      },
    );
  }
};

const tablesOf = ({ plan, resources }: Neighbour): (readonly [string, ITable])[] => [
  [`the state of pipeline '${plan.pipeline}'`, resources.stateTable],
  ...[...resources.tables].map(
    ([logical, table]) => [`table '${logical}' of pipeline '${plan.pipeline}'`, table] as const,
  ),
];

/** Names that are known only after the deployment are told apart by their constructs. */
const isSame = (one: ITable, other: ITable): boolean =>
  one === other ||
  (!Token.isUnresolved(one.tableName) &&
    one.tableName === other.tableName &&
    one.env.account === other.env.account &&
    one.env.region === other.env.region);
