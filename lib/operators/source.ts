import { JsonBatch } from '../core/json-batch.ts';
import type { SourceNode } from '../graph/logical-graph.ts';
import type { ComputeSession, Push } from './compute-session.ts';
import { decodeBySchema } from './crossing.ts';
import { RejectionError, userCodeError } from './rejection-error.ts';
import { compileSchemaCheck } from './schema-check.ts';
import type { SourceProgram } from './stage-program.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** One for all sources of the process: it is empty again whenever something else than parsing is done. */
let batch: JsonBatch | undefined;

/** Bytes to a checked value with its event time. */
export const compileSource = (node: SourceNode, next: Push): SourceProgram => {
  const { schema } = node.spec;
  batch ??= new JsonBatch();
  const isSurelyValid = compileSchemaCheck(schema);
  const onParsed = (session: ComputeSession, parsed: unknown): number => {
    const value = isSurelyValid?.(parsed) ? parsed : decodeBySchema(node.id, schema, parsed);
    const eventTimeMs = eventTimeOf(node, value);
    next(session, value, eventTimeMs);
    return eventTimeMs;
  };
  return {
    id: node.id,
    onRecord: (session, data) => onParsed(session, parseJson(node.id, data)),
    onParsed,
    batch,
  };
};

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

/** What a Date can hold: past it, windows and watermarks would leave the whole numbers that a double can tell apart. */
const MAX_EVENT_TIME_MS = 8_640_000_000_000_000;

const eventTimeOf = (node: SourceNode, value: unknown): number => {
  let eventTimeMs: number;
  try {
    eventTimeMs = node.spec.eventTimeMs(value);
  } catch (thrown) {
    throw userCodeError(node.id, thrown);
  }
  if (Number.isInteger(eventTimeMs) && Math.abs(eventTimeMs) <= MAX_EVENT_TIME_MS) return eventTimeMs;
  throw new RejectionError(
    'EVENT_TIME',
    node.id,
    `eventTimeMs has to return whole milliseconds since the epoch, as far as a Date goes; it returned ${String(eventTimeMs)}`,
  );
};
