import { MillraceError } from '../errors/millrace-error.ts';
import type { Plan, SinkPlan } from './plan.ts';

/** A key field of a sink's table: the first is the partition key, the second, if any, the sort key. */
export interface TableKeyField {
  readonly name: string;
  readonly type: 'string' | 'number';
}

/**
 * The key that the table of a sink is created with.
 *
 * @param table logical name
 * @throws MillraceError `TABLE_SHAPE` (configuration) where the schema does not tell a field's type
 */
export const tableKeyOf = (plan: Plan, table: string): TableKeyField[] => {
  const sink = plan.sinks.find(({ kind, target }) => kind === 'dynamo' && target === table) as SinkPlan;
  return sink.key.map((name, i) => {
    const type = sink.keyTypes[i];
    if (type === 'string' || type === 'number') return { name, type };
    throw new MillraceError(
      'configuration',
      'TABLE_SHAPE',
      `Table '${table}': the type of its key field '${name}' is not known.`,
      {
        fix: `Say in the sink's schema whether '${name}' is a string or a number, or create the table yourself.`,
        fields: { table, field: name },
      },
    );
  });
};
