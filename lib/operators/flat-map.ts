import type { FlatMapNode } from '../graph/logical-graph.ts';
import type { Push } from './compute-session.ts';
import { userCodeError } from './rejection-error.ts';

export const compileFlatMap =
  (node: FlatMapNode, next: Push): Push =>
  (session, value, eventTimeMs) => {
    let results: readonly unknown[];
    try {
      const returned = node.transform(value);
      // A generator runs inside the try: what it throws half-way is the user's too.
      results = Array.isArray(returned) ? returned : [...returned];
    } catch (thrown) {
      throw userCodeError(node.id, thrown);
    }
    for (const result of results) next(session, result, eventTimeMs);
  };
