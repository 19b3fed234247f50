import type { WorkloadOptions } from '../../lib/cost/workload.ts';

/** What a pipeline is expected to take in, as far as its cost depends on it. */
export type ExpectedWorkload = Pick<
  WorkloadOptions,
  'eventsPerSecond' | 'keys' | 'eventBytes' | 'keyBytes' | 'rowBytes'
>;
