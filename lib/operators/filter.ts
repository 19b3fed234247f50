import type { FilterNode } from '../graph/logical-graph.ts';
import type { Push } from './compute-session.ts';
import { userCodeError } from './rejection-error.ts';

export const compileFilter =
  (node: FilterNode, next: Push): Push =>
  (session, value, eventTimeMs) => {
    let passes: boolean;
    try {
      passes = node.predicate(value);
    } catch (thrown) {
      throw userCodeError(node.id, thrown);
    }
    if (passes) next(session, value, eventTimeMs);
  };
