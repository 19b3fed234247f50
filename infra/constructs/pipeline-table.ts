import { RemovalPolicy } from 'aws-cdk-lib';
import {
  type Attribute,
  AttributeType,
  BillingMode,
  type ITable,
  Table,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { TableKeyField } from '../../lib/graph/table-key.ts';

export interface PipelineTableProps {
  /** Partition key, then the sort key if there is one. */
  readonly key: readonly TableKeyField[];
  readonly encryptionKey: IKey | undefined;
  readonly removalPolicy: RemovalPolicy;
}

/** The key of an item store: see `docs/state-format.md`. */
export const stateTableKey: readonly TableKeyField[] = [
  { name: 'pk', type: 'string' },
  { name: 'sk', type: 'string' },
];

/**
 * A table on demand that can be put back to any second of the last 35 days, and is not deleted by accident. Without TTL: protocol
 * items are overwritten and collected by number, never by age.
 */
export const createPipelineTable = (scope: Construct, id: string, props: PipelineTableProps): ITable => {
  const { key, encryptionKey, removalPolicy } = props;
  const [partitionKey, sortKey] = key.map(toAttribute);
  const table = new Table(scope, id, {
    partitionKey: partitionKey as Attribute,
    ...(sortKey !== undefined && { sortKey }),
    billingMode: BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    ...(encryptionKey === undefined
      ? { encryption: TableEncryption.AWS_MANAGED }
      : { encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey }),
    deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
    removalPolicy,
  });
  // CDK's classes are not their interfaces under exactOptionalPropertyTypes.
  return table as ITable;
};

const toAttribute = ({ name, type }: TableKeyField): Attribute => ({
  name,
  type: type === 'number' ? AttributeType.NUMBER : AttributeType.STRING,
});
