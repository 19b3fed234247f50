import * as z from 'zod';
import { MillraceError } from '../errors/millrace-error.ts';
import type { Pipeline } from '../graph/pipeline.ts';
import { neededResources } from './needed-resources.ts';

/** The environment variable with the stage that a function runs. */
export const stageVariable = 'MILLRACE_STAGE';

/** The environment variable with the {@link Deployment}, as JSON. */
export const deploymentVariable = 'MILLRACE_DEPLOYMENT';

const physicalNames = z.record(z.string(), z.string().min(1));

const shape = z.strictObject({
  stateTable: z.string().min(1),
  incarnation: z.int().min(1).optional(),
  streams: physicalNames,
  tables: physicalNames,
  queues: physicalNames.optional(),
  buckets: physicalNames.optional(),
  blobs: z
    .strictObject({ bucket: z.string().min(1), prefix: z.string().optional(), readOnly: z.boolean().optional() })
    .optional(),
  partialBatchResponses: z.boolean().optional(),
});

/** A bucket for large payloads. */
export interface BlobsDeployment {
  /** The bucket's name. */
  readonly bucket: string;
  /** Begins every key, such as `revenue/`. Default empty. */
  readonly prefix?: string | undefined;
  /** Nothing new goes there; what is there is read, and collected when nothing needs it. Default false. */
  readonly readOnly?: boolean | undefined;
}

/** Where a pipeline's logical names lead, as whoever deployed it says. One document for all of its stages. */
export interface Deployment {
  /** The table of logs, snapshots and the quarantine; one for each pipeline. */
  readonly stateTable: string;
  /** Bumped by restore and backfill. Default 1. */
  readonly incarnation?: number | undefined;
  /** Physical names of sources, repartition streams and sink streams by their logical ones. */
  readonly streams: Readonly<Record<string, string>>;
  /** Physical names of sink tables by their logical ones. */
  readonly tables: Readonly<Record<string, string>>;
  /** URLs of sink queues by their logical names. Default: none. */
  readonly queues?: Readonly<Record<string, string>> | undefined;
  /** Names of sink buckets by their logical ones. Default: none. */
  readonly buckets?: Readonly<Record<string, string>> | undefined;
  /**
   * Where payloads and snapshots past 9 KB go, which costs less there. Default: to the state table, in chunks. Once given, it is
   * needed as long as anything is there.
   */
  readonly blobs?: BlobsDeployment | undefined;
  /** Whether the mapping has `ReportBatchItemFailures`. Default true. */
  readonly partialBatchResponses?: boolean | undefined;
}

export interface DeployedStage {
  readonly stage: string;
  readonly deployment: Deployment;
}

/**
 * Reads what a deployed function is told about itself.
 *
 * @param documentName what errors call the deployment's document
 * @throws MillraceError `DEPLOYMENT_INVALID` with the variable, the path in it and the fix
 */
export const readDeployment = (
  pipeline: Pipeline,
  environment: Readonly<Record<string, string | undefined>>,
  documentName = `Environment variable ${deploymentVariable}`,
): DeployedStage => {
  const invalid = invalidIn(documentName);
  const stage = environment[stageVariable];
  const stages = pipeline.plan.stages.map(({ id }) => id);
  if (stage === undefined || !stages.includes(stage)) {
    throw invalid(stageVariable, '', `is ${describe(stage)}; allowed: ${stages.join(', ')}`);
  }
  const deployment = parseDeployment(environment[deploymentVariable], documentName);
  for (const { kind, logical } of neededResources(pipeline, stage)) {
    const names = deployment[kind] ?? {};
    if (Object.hasOwn(names, logical)) continue;
    const known = Object.keys(names).join(', ') || 'none';
    throw invalid(deploymentVariable, `${kind}.${logical}`, `is missing; ${kind} that are there: ${known}`);
  }
  return { stage, deployment };
};

/** Reads the document, as it is the same for all stages. @throws MillraceError `DEPLOYMENT_INVALID` */
export const parseDeployment = (text: string | undefined, documentName: string): Deployment => {
  const invalid = invalidIn(documentName);
  if (text === undefined || text === '') throw invalid(deploymentVariable, '', 'is not set');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(deploymentVariable, '', `is not JSON: ${(cause as Error).message}`, cause);
  }
  if (value === null)
    throw invalid(deploymentVariable, '', 'is null, which is what jq prints for an output that a stack does not have');
  const checked = shape.safeParse(value);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  throw invalid(deploymentVariable, issue?.path.join('.') ?? '', `is wrong: ${issue?.message}`);
};

const describe = (value: string | undefined): string => (value === undefined ? 'not set' : `'${value}'`);

const invalidIn =
  (documentName: string) =>
  (variable: string, path: string, problem: string, cause?: unknown): MillraceError =>
    new MillraceError(
      'configuration',
      'DEPLOYMENT_INVALID',
      `${variable === deploymentVariable ? documentName : `Environment variable ${variable}`}${path === '' ? '' : `, ${path},`} ${problem}.`,
      {
        fix:
          variable === stageVariable
            ? 'Set it to the stage that this function runs; `millrace plan` lists them.'
            : 'Set it to JSON such as {"stateTable":"…","streams":{"logical":"physical"},"tables":{"logical":"physical"}}: the output …Deployment of the stack, once it is deployed to its end.',
        fields: { variable, path },
        cause,
      },
    );
