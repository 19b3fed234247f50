import { DynamoItemStore } from '../../aws/dynamo-item-store.ts';
import type { Pipeline } from '../../graph/pipeline.ts';
import { deployPlan } from '../../runtime/deploy-plan.ts';
import { type EngineOptions, type Engines, startEngines } from '../engines/start-engines.ts';
import { SinkServices } from '../services/sink-services.ts';
import { checkDeploymentOptions, type LocalDeploymentOptions, shardsOf } from './deployment-options.ts';
import { LocalDeployment } from './local-deployment.ts';
import { createResources, nameResources, requireResources } from './resources.ts';

/**
 * Runs a pipeline on this machine as AWS would: streams and tables on real API engines, queues and buckets of sinks on
 * stand-ins behind a loopback endpoint, every stage's handler in
 * containers that are really started and really killed, and between them an event source mapping that behaves as AWS
 * documents it. On a state table of an earlier version of the pipeline it is an upgrade.
 *
 * @throws MillraceError `INVALID_OPTION` (definition); `PORT_IN_USE`, `ENGINE_FAILED`, `STREAM_NOT_FOUND`, `TABLE_NOT_FOUND`,
 *   `ACCESS_DENIED`, `PARALLELIZATION_FACTOR`, `MAPPING_UNSAFE`, `DEPLOYMENT_INVALID`, `TABLE_OF_ANOTHER_JOB`, `PLAN_MISMATCH`,
 *   `STATE_FORMAT_NEWER` (configuration), `UPGRADE_REFUSED` (operator). Nothing is left running then.
 *
 * @example
 * const deployed = await deployLocally(revenue, { entry: 'functions/revenue/handler.ts' });
 * try {
 *   await deployed.put('orders', [{ id: '1', province: 'ZJ', amountCents: 500, at: Date.now() }]);
 *   await deployed.end();
 *   for await (const rejected of deployed.quarantine()) console.log(rejected.code, rejected.message);
 * } finally {
 *   await deployed.stop();
 * }
 */
export const deployLocally = async (pipeline: Pipeline, options: LocalDeploymentOptions): Promise<LocalDeployment> => {
  checkDeploymentOptions(options);
  const { engines: given = {}, prefix = '', createResources: create = true, tickIntervalMs = 10_000 } = options;
  const engines = isRunning(given) ? given : await startEngines(given);
  const ownsEngines = engines !== given;
  const services = await SinkServices.start();
  let deployment: LocalDeployment | undefined;
  try {
    const named = nameResources(pipeline.plan, prefix, (name) => services.queueUrl(name));
    // A name that no bucket of a sink can have: they are lower case on AWS, and given by the pipeline here.
    const blobs = { bucket: `${prefix}${pipeline.name}-STATE` };
    const names = options.blobs === true ? { ...named, blobs } : named;
    if (options.blobs === true) services.createBlobs(blobs.bucket);
    for (const node of pipeline.graph.nodes.values()) {
      if (node.kind === 'sink') services.create(node.spec, `${prefix}${targetOf(pipeline, node.id)}`);
    }
    deployment = new LocalDeployment({ pipeline, engines, ownsEngines, services, names, options });
    if (create) {
      await createResources(engines.clients, pipeline.plan, names, (logical) => shardsOf(options.shards, logical));
    }
    await requireResources(engines.clients, names);
    const items = new DynamoItemStore({ client: engines.clients.dynamo, tableName: names.stateTable });
    await deployPlan(items, pipeline.plan, options.drop === undefined ? {} : { drop: options.drop });
    await deployment.start(tickIntervalMs);
    return deployment;
  } catch (error) {
    await deployment?.stop();
    await services.stop();
    if (ownsEngines) await engines.stop();
    throw error;
  }
};

const targetOf = ({ plan }: Pipeline, sink: string): string => plan.sinks.find(({ id }) => id === sink)?.target ?? '';

const isRunning = (engines: Engines | EngineOptions): engines is Engines => 'clients' in engines;
