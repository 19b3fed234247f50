import { Stack, Validations } from 'aws-cdk-lib';
import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import { Construct, type IConstruct } from 'constructs';

/**
 * Says why a rule of cdk-nag's AwsSolutions pack does not hold for a construct. For rules that can hold for no user: what a user may
 * decide is a property, and the rule speaks up where they decided against it.
 */
export const acknowledge = (construct: IConstruct, rule: `AwsSolutions-${string}`, reason: string): void =>
  Validations.of(construct).acknowledge({ id: `AwsSolutions::${rule}`, reason });

/** The same for one pattern of object keys in the policy of whoever was granted them, and for no other wildcard there. */
export const acknowledgeObjects = ({ grantPrincipal }: IGrantable, objectsArn: string): void => {
  if (!Construct.isConstruct(grantPrincipal)) return;
  const resource = findingOf(Stack.of(grantPrincipal).resolve(objectsArn));
  acknowledge(
    grantPrincipal,
    `AwsSolutions-IAM5[Resource::${resource}]`,
    'Keys of objects are made by commits, so only what they begin with is known: the prefix is of this pipeline alone.',
  );
};

/** A resolved ARN in the words of cdk-nag's findings: `<LogicalId.Arn>/clicks/*`. */
const findingOf = (arn: unknown): string => {
  if (typeof arn === 'string') return arn;
  const {
    'Fn::Join': join,
    'Fn::GetAtt': attribute,
    Ref: ref,
  } = arn as {
    readonly 'Fn::Join'?: readonly [string, readonly unknown[]];
    readonly 'Fn::GetAtt'?: readonly string[];
    readonly Ref?: string;
  };
  if (join !== undefined) return join[1].map(findingOf).join(join[0]);
  return `<${attribute?.join('.') ?? ref}>`;
};
