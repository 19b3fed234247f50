import * as z from 'zod';
import type { SourceNode } from '../graph/logical-graph.ts';
import type { Push } from './compute-session.ts';
import { schemaRejection } from './crossing.ts';
import { RejectionError, userCodeRejection } from './rejection-error.ts';
import type { SourceProgram } from './stage-program.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Bytes to a checked value with its event time. */
export const compileSource = (node: SourceNode, next: Push): SourceProgram => ({
  id: node.id,
  onRecord(session, data) {
    const parsed = parseJson(node.id, data);
    const checked = z.safeParse(node.spec.schema, parsed);
    if (!checked.success) throw schemaRejection('SCHEMA', node.id, checked.error);
    const eventTimeMs = eventTimeOf(node, checked.data);
    next(session, checked.data, eventTimeMs);
    return eventTimeMs;
  },
});

const parseJson = (operator: string, data: Uint8Array): unknown => {
  try {
    return JSON.parse(utf8.decode(data));
  } catch (thrown) {
    throw new RejectionError(
      'NOT_JSON',
      operator,
      thrown instanceof Error ? thrown.message : String(thrown),
      '',
      thrown,
    );
  }
};

const eventTimeOf = (node: SourceNode, value: unknown): number => {
  let eventTimeMs: number;
  try {
    eventTimeMs = node.spec.eventTimeMs(value);
  } catch (thrown) {
    throw userCodeRejection(node.id, thrown);
  }
  if (Number.isSafeInteger(eventTimeMs)) return eventTimeMs;
  throw new RejectionError(
    'EVENT_TIME',
    node.id,
    `eventTimeMs has to return whole milliseconds since the epoch; it returned ${String(eventTimeMs)}`,
  );
};
