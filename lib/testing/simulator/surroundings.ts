import type { Random } from '../../core/random.ts';
import type { Calls } from './calls.ts';
import type { FaultPlan } from './faults.ts';
import type { Mapping } from './mapping.ts';
import type { Pool } from './pool.ts';
import type { Trace } from './trace.ts';
import type { World } from './world.ts';

/** How often something happens that no call asks for. */
export interface DisturbanceShares {
  readonly faultShare: number;
  readonly reshardShare: number;
  readonly maxReshards: number;
  /** Mappings that are not as they should be make a run long. */
  readonly maxMappingFaults: number;
}

export interface Surroundings {
  readonly world: World;
  readonly mapping: Mapping;
  readonly random: Random;
  readonly faults: FaultPlan;
  readonly trace: Trace;
  readonly calls: Calls;
  readonly pool: Pool;
  readonly steps: { readonly count: number };
  readonly disturbances: DisturbanceShares;
}
