import { invalidOption } from '../../../lib/core/check-options.ts';
import { closestName } from '../../../lib/core/closest-name.ts';
import { MillraceError } from '../../../lib/errors/millrace-error.ts';
import type { Plan } from '../../../lib/graph/plan.ts';
import { deploymentVariable, stageVariable } from '../../../lib/lambda/deployment.ts';
import { hopsOf, streamsOf, targetsOf } from '../create-resources.ts';
import type { StreamPipelineProps } from '../stream-pipeline-props.ts';

/**
 * Refuses names that lead nowhere (a misspelt one would be ignored in silence), and names that would lead to the wrong stream.
 *
 * @throws MillraceError `NAME_COLLISION` (configuration), `INVALID_OPTION` (definition)
 */
export const checkNames = (props: StreamPipelineProps): void => {
  const { plan } = props.pipeline;
  checkHops(plan);
  const hops = hopsOf(plan);
  const streams = streamsOf(plan);
  const known = {
    stages: plan.stages.map(({ id }) => id),
    streams: streams.filter((name) => !hops.includes(name)),
    tables: targetsOf(plan, 'dynamo'),
    queues: targetsOf(plan, 'sqs'),
    buckets: targetsOf(plan, 's3'),
    streamShards: streams,
    streamRetention: streams,
  };
  for (const [option, names] of Object.entries(known)) {
    const given = Object.keys(props[option as keyof typeof known] ?? {});
    for (const name of given) if (!names.includes(name)) throw unknownName(plan, option, name, names, hops);
  }
  for (const name of [stageVariable, deploymentVariable]) {
    if (props.environment?.[name] !== undefined) throw ownVariable(plan, name);
  }
};

/** A hop's stream is named after its operator: whoever else has the name would read or write what only packets may be in. */
const checkHops = (plan: Plan): void => {
  const others = [
    ...plan.stages.flatMap(({ id, input }) =>
      input.kind === 'source' ? [[`source '${id}'`, input.stream] as const] : [],
    ),
    ...plan.sinks.flatMap(({ id, kind, target }) => (kind === 'kinesis' ? [[`sink '${id}'`, target] as const] : [])),
  ];
  for (const { id, input } of plan.stages) {
    const other = others.find(([, stream]) => stream === input.stream);
    if (input.kind === 'source' || other === undefined) continue;
    throw new MillraceError(
      'configuration',
      'NAME_COLLISION',
      `Operator '${id}' of pipeline '${plan.pipeline}' makes the stream '${input.stream}', which ${other[0]} names too.`,
      {
        fix: `Name the stream of the ${other[0]} otherwise: a logical name may be anything, 'streams' says where it leads.`,
        fields: { operator: id, stream: input.stream, other: other[0] },
      },
    );
  }
};

const unknownName = (plan: Plan, option: string, name: string, known: readonly string[], hops: readonly string[]) => {
  const owner = `StreamPipeline '${plan.pipeline}'`;
  if (hops.includes(name))
    return invalidOption(
      owner,
      `option '${option}' names the stream '${name}', which leads from stage to stage`,
      'Leave it out: nobody else may write to it, so it is made with the pipeline.',
      { option, name },
    );
  const closest = closestName(name, known);
  return invalidOption(
    owner,
    `option '${option}' names '${name}'; allowed are: ${known.join(', ') || 'none'}`,
    closest === undefined ? 'Remove it.' : `Did you mean '${closest}'?`,
    { option, name, allowed: known },
  );
};

const ownVariable = (plan: Plan, name: string) =>
  invalidOption(
    `StreamPipeline '${plan.pipeline}'`,
    `option 'environment' has ${name}, which the construct sets`,
    'Remove it.',
    { name },
  );
