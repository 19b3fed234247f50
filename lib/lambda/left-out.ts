import { MillraceError } from '../errors/millrace-error.ts';

/**
 * Clients that a pipeline may do without. `millrace/cdk` defines the variable of one (`process.env.MILLRACE_WITHOUT_…`) when it bundles
 * a pipeline without a use for it: what the code would load is then not in the bundle. Nobody else sets them.
 */
export type OptionalClient = 's3' | 'sqs';

/** Reached where the bundle was made for another pipeline than the one that its handler runs. */
export const leftOut = (client: OptionalClient): never => {
  throw new MillraceError(
    'configuration',
    'DEPLOYMENT_INVALID',
    `This bundle was made without the ${client.toUpperCase()} client, which the pipeline of its handler needs.`,
    {
      fix: "Give StreamPipeline the pipeline that the handler of its 'entry' runs, and deploy again.",
      fields: { client },
    },
  );
};
