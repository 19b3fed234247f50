/** The subpath `millrace/testing`: what pipelines are tested with. */

export type { RedriveSummary } from '../runtime/run-redrive.ts';
export type { PipelineTestDriverOptions, SendOptions } from './driver-options.ts';
export { ManualClock } from './manual-clock.ts';
export { createPipelineTestDriver, type PipelineTestDriver } from './pipeline-test-driver.ts';
export type { RejectedInput } from './rejected-input.ts';
export { SeededRandom } from './seeded-random.ts';
export { crashProcess } from './simulator/crash.ts';
export { type FaultKind, faultKinds, type Reduction } from './simulator/faults.ts';
export type { RejectedRecord, ShardInput, SimulationOutcome } from './simulator/outcome.ts';
export type { RepairOptions } from './simulator/repairs.ts';
export { type SimulateOptions, type SimulationResult, simulate } from './simulator/simulate.ts';
export type { SimulatedEvent } from './simulator/world.ts';
