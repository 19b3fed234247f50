/** The subpath `millrace/local`: pipelines on this machine. */

export type { Shard } from '../connectors/stream-port.ts';
export { runBounded } from './bounded-run/run-bounded.ts';
export type { BoundedRunOptions, RunEngineName, RunProgress, RunSummary } from './bounded-run/run-options.ts';
export type { LogLine } from './containers/worker-container.ts';
export type { InvocationMoment, WorkerFunctionStats } from './containers/worker-containers.ts';
export { deployLocally } from './deployment/deploy-locally.ts';
export type { LocalDeploymentOptions } from './deployment/deployment-options.ts';
export type { InvocationTotals } from './deployment/invocation-log.ts';
export type { LocalDeployment, LocalTick } from './deployment/local-deployment.ts';
export type { LocalStageStats } from './deployment/local-stage.ts';
export type { PutOptions } from './deployment/source-writer.ts';
export { type EngineOptions, type Engines, startEngines } from './engines/start-engines.ts';
