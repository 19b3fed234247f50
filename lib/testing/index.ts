/** The subpath `millrace/testing`: what pipelines are tested with. */

export type { PipelineTestDriverOptions, SendOptions } from './driver-options.ts';
export { ManualClock } from './manual-clock.ts';
export { createPipelineTestDriver, type PipelineTestDriver } from './pipeline-test-driver.ts';
export type { RejectedInput } from './rejected-input.ts';
export { SeededRandom } from './seeded-random.ts';
