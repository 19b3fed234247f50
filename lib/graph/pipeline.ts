import type { LogicalGraph } from './logical-graph.ts';
import type { Plan } from './plan.ts';

/** What `definePipeline` returns: the definition (user functions included) and the plan made from it. */
export interface Pipeline {
  readonly name: string;
  readonly graph: LogicalGraph;
  readonly plan: Plan;
}
