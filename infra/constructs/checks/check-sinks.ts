import { type ITable, Table } from 'aws-cdk-lib/aws-dynamodb';
import { MillraceError } from '../../../lib/errors/millrace-error.ts';
import type { Plan, SinkPlan } from '../../../lib/graph/plan.ts';
import { tableKeyOf } from '../../../lib/graph/table-key.ts';
import { queueIsFifo, targetsOf } from '../create-resources.ts';
import type { StreamPipelineProps } from '../stream-pipeline-props.ts';

type Given = Pick<StreamPipelineProps, 'queues' | 'tables'>;

/**
 * What is given for a sink has to be what the sink counts on.
 *
 * @throws MillraceError `SINK_CANNOT_HOLD_GUARANTEE`, `TABLE_SHAPE` (configuration)
 */
export const checkSinks = (plan: Plan, { queues = {}, tables = {} }: Given): void => {
  for (const name of targetsOf(plan, 'sqs')) {
    const queue = queues[name];
    const sink = plan.sinks.find(({ kind, target }) => kind === 'sqs' && target === name) as SinkPlan;
    if (queue !== undefined && queue.fifo !== queueIsFifo(plan, name)) throw wrongQueue(sink, queue.fifo);
  }
  for (const name of targetsOf(plan, 'dynamo')) {
    const table = tables[name];
    // What is imported says nothing about its key; the first write does.
    if (table instanceof Table) checkKey(plan, name, table as ITable & Table);
  }
};

const wrongQueue = ({ id, target, guarantee }: SinkPlan, given: boolean): MillraceError => {
  const [is, needs] = given ? ['a FIFO queue', 'a standard queue'] : ['a standard queue', 'a FIFO queue'];
  return new MillraceError(
    'configuration',
    'SINK_CANNOT_HOLD_GUARANTEE',
    `Sink '${id}' holds ${guarantee} with ${needs}; the queue given for '${target}' is ${is}.`,
    {
      fix: `Give ${needs} for '${target}', or set fifo: ${given} in the sink's options.`,
      fields: { sink: id, queue: target, guarantee, fifo: given },
    },
  );
};

const checkKey = (plan: Plan, name: string, table: Table): void => {
  const { partitionKeys, sortKeys } = table.schemaV2();
  const given = [...partitionKeys, ...sortKeys].map(({ name: field, type }) => `${field} (${type})`);
  const needed = tableKeyOf(plan, name).map(({ name: field, type }) => `${field} (${type === 'number' ? 'N' : 'S'})`);
  if (given.join() === needed.join()) return;
  throw new MillraceError(
    'configuration',
    'TABLE_SHAPE',
    `The table given for '${name}' has the key ${given.join(', ')}; allowed: ${needed.join(', ')}.`,
    {
      fix: 'Give a table with the key of the sink, or leave it out to have it created.',
      fields: { table: name, given, needed },
    },
  );
};
