import { type CfnElement, CfnResource, Stack } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { MillraceError } from '../../../lib/errors/millrace-error.ts';
import { deploymentVariable } from '../../../lib/lambda/deployment.ts';

/** What Lambda allows for all variables together. It measures them as the JSON of an object. */
const MOST_BYTES = 4_096;

/** What CloudFormation puts behind stack and resource in a name that it makes. */
const SUFFIX_CHARS = 14;
/** `https://sqs.<region>.amazonaws.com/<account>/` */
const QUEUE_URL_CHARS = 57;

/** The longest that a name may be, by type of resource; where it is not known, as of a stream. */
const longestNames: Readonly<Record<string, number>> = {
  'AWS::DynamoDB::Table': 255,
  'AWS::Kinesis::Stream': 128,
  'AWS::S3::Bucket': 63,
  'AWS::SQS::Queue': QUEUE_URL_CHARS + 80,
};
const LONGEST_NAME = 128;

/**
 * Checks the variables of a function as they will be deployed, whatever has been done to them since. Names that are known only then are
 * taken for as long as CloudFormation makes them.
 *
 * @throws MillraceError `ENVIRONMENT_TOO_LARGE` (configuration)
 */
export const checkEnvironment = (stage: string, lambda: LambdaFunction): void => {
  const stack = Stack.of(lambda);
  const types = typesIn(stack);
  const variables = Object.fromEntries(
    Object.entries(variablesOf(lambda)).map(([name, value]) => [name, textOf(value, stack.stackName, types)]),
  );
  const bytes = sizeOf(variables);
  if (bytes <= MOST_BYTES) return;
  const { [deploymentVariable]: deployment, ...others } = variables;
  throw new MillraceError(
    'configuration',
    'ENVIRONMENT_TOO_LARGE',
    `The environment of stage '${stage}' has about ${bytes} bytes as JSON; allowed are ${MOST_BYTES}. Of them ${deploymentVariable}, ` +
      `the names of what it works with, has ${sizeOf({ deployment: deployment ?? '' })}, and the other variables have ${sizeOf(others)}.`,
    {
      fix: "Give less in 'environment', a shorter name to the stack or to what it works with, or make several pipelines of it.",
      fields: { stage, bytes, most: MOST_BYTES },
    },
  );
};

const sizeOf = (variables: Readonly<Record<string, string>>): number => Buffer.byteLength(JSON.stringify(variables));

/** With overrides: as CDK's own synthesis sees them. */
const variablesOf = (lambda: LambdaFunction): Readonly<Record<string, unknown>> => {
  const element = lambda.node.defaultChild as CfnElement;
  const { Resources } = Stack.of(lambda).resolve(
    (element as unknown as { _toCloudFormation(): unknown })._toCloudFormation(),
  ) as { readonly Resources: Readonly<Record<string, { readonly Properties?: FunctionProperties }>> };
  return Object.values(Resources)[0]?.Properties?.Environment?.Variables ?? {};
};

interface FunctionProperties {
  readonly Environment?: { readonly Variables?: Readonly<Record<string, unknown>> };
}

/** Types of the stack's resources by their logical ids. */
const typesIn = (stack: Stack): ReadonlyMap<string, string> =>
  new Map(
    stack.node
      .findAll()
      .filter((construct) => CfnResource.isCfnResource(construct))
      .map((resource) => [stack.resolve(resource.logicalId) as string, resource.cfnResourceType]),
  );

/** A value with letters in place of what is known only when it is deployed. */
const textOf = (value: unknown, stackName: string, types: ReadonlyMap<string, string>): string => {
  if (typeof value !== 'object' || value === null) return String(value ?? '');
  const {
    'Fn::Join': join,
    'Fn::GetAtt': attribute,
    Ref: ref,
  } = value as {
    readonly 'Fn::Join'?: readonly [string, readonly unknown[]];
    readonly 'Fn::GetAtt'?: readonly string[];
    readonly Ref?: string;
  };
  if (join !== undefined) return join[1].map((part) => textOf(part, stackName, types)).join(join[0]);
  const logicalId = ref ?? attribute?.[0];
  const type = logicalId === undefined ? undefined : types.get(logicalId);
  if (logicalId === undefined || type === undefined) return 'x'.repeat(LONGEST_NAME);
  const made = `${stackName}-${logicalId}-`.length + SUFFIX_CHARS + (type === 'AWS::SQS::Queue' ? QUEUE_URL_CHARS : 0);
  return 'x'.repeat(Math.min(made, longestNames[type] ?? LONGEST_NAME));
};
