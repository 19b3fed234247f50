import type { MapNode } from '../graph/logical-graph.ts';
import type { Push } from './compute-session.ts';
import { userCodeError } from './rejection-error.ts';

export const compileMap =
  (node: MapNode, next: Push): Push =>
  (session, value, eventTimeMs) => {
    let mapped: unknown;
    try {
      mapped = node.transform(value);
    } catch (thrown) {
      throw userCodeError(node.id, thrown);
    }
    next(session, mapped, eventTimeMs);
  };
