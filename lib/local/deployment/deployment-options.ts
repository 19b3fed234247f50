import * as z from 'zod';
import { checkOptions, functionOption } from '../../core/check-options.ts';
import type { Random } from '../../core/random.ts';
import type { Placement } from '../containers/placement.ts';
import type { LogLine } from '../containers/worker-container.ts';
import type { EngineOptions, Engines } from '../engines/start-engines.ts';
import type { MappingOptions } from '../mapping/mapping-options.ts';

/** Options of `deployLocally`. */
export interface LocalDeploymentOptions {
  /** The module that exports the Lambda handler: `.ts` or `.js`; a relative path is one from the working directory. */
  readonly entry: URL | string;
  /** Default `handler`. */
  readonly exportName?: string;
  /**
   * Engines that are running already (they are not stopped with the deployment), or how to start them. Default: they are
   * started on free ports.
   */
  readonly engines?: Engines | EngineOptions;
  /** Shards of the streams that are created: of all, or by logical name. 1 … 64, default 2. */
  readonly shards?: number | Readonly<Record<string, number>>;
  /** Containers of each stage at once. 1 … 1,000, default 3. */
  readonly containers?: number;
  /** Which container gets a batch. Default `random`, which is all that Lambda promises. */
  readonly placement?: Placement;
  /** Records in a batch. 1 … 10,000, default 100. */
  readonly batchSize?: number;
  /** The functions' time for one invocation, ms. 1,000 … 900,000, default 30,000. */
  readonly timeoutMs?: number;
  /** How often source stages are told the time, ms. 0: never. Default 10,000. */
  readonly tickIntervalMs?: number;
  /** Put before the names of streams and tables, so that several deployments can share engines. Default empty. */
  readonly prefix?: string;
  /** Create streams and tables that are not there. `false`: they have to be there. Default true. */
  readonly createResources?: boolean;
  /** Keep large payloads in a bucket (see `blobs` of the deployment), in this process: they end with the deployment, and what its state
   * table says with them. Default false: in the state table. */
  readonly blobs?: boolean;
  /** What may be given up of the state of an earlier version: windows, aggregates and sinks, by id. Default: nothing. */
  readonly drop?: readonly string[];
  /** Further settings of every mapping. What would lose or repeat records is refused. */
  readonly mapping?: Partial<Omit<MappingOptions, 'stream' | 'startingPosition' | 'functionName' | 'region'>>;
  /** Added to the environment of the containers, which is otherwise only what they need. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Decides placement and kills. Default: the system's. */
  readonly random?: Random;
  /** Lines that the containers write. They are not printed. */
  readonly onLog?: (stage: string, line: LogLine) => void;
}

const shardCount = z.int().min(1).max(64);

const shape = z.strictObject({
  entry: z.union([z.string().min(1), z.instanceof(URL)], { error: 'expected a path or a file URL' }),
  exportName: z.string().min(1).optional(),
  engines: z.custom<object>((value) => typeof value === 'object' && value !== null).optional(),
  shards: z
    .union([shardCount, z.record(z.string(), shardCount)], { error: 'expected 1 … 64, or that by name' })
    .optional(),
  containers: z.int().min(1).max(1_000).optional(),
  placement: z.enum(['random', 'sticky']).optional(),
  batchSize: z.int().min(1).max(10_000).optional(),
  timeoutMs: z.int().min(1_000).max(900_000).optional(),
  tickIntervalMs: z.int().min(0).optional(),
  prefix: z
    .string()
    .regex(/^[a-zA-Z0-9_.-]*$/, { error: 'expected letters, digits, _ . or -' })
    .optional(),
  createResources: z.boolean().optional(),
  blobs: z.boolean().optional(),
  drop: z.array(z.string()).optional(),
  mapping: z.record(z.string(), z.unknown()).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  random: z.custom<Random>().optional(),
  onLog: functionOption.optional(),
});

/** @throws MillraceError `INVALID_OPTION` */
export const checkDeploymentOptions = (options: LocalDeploymentOptions): void => {
  checkOptions('deployLocally', shape, options);
};

export const shardsOf = (shards: LocalDeploymentOptions['shards'], logical: string): number =>
  typeof shards === 'number' ? shards : (shards?.[logical] ?? 2);
