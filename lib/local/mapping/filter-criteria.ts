import type { StreamRecord } from '../../connectors/stream-port.ts';
import { MillraceError } from '../../errors/millrace-error.ts';
import { compilePattern, FilterPatternError } from './filter-pattern.ts';

/** As the Lambda API takes it: each pattern is JSON text. A record passes when any filter matches it. */
export interface FilterCriteria {
  readonly Filters: readonly { readonly Pattern: string }[];
}

export type RecordFilter = (record: StreamRecord) => boolean;

/** Lambda's quota without a quota increase. */
const maxFilters = 5;
const maxPatternLength = 4_096;
const metadataFields = ['partitionKey', 'sequenceNumber', 'approximateArrivalTimestamp', 'kinesisSchemaVersion'];

/**
 * Makes one predicate of the criteria. A pattern may look at `data` (the record's bytes as JSON) and at the metadata fields
 * of the event. Without filters every record passes.
 *
 * @throws MillraceError `INVALID_OPTION` (configuration) for what Lambda refuses when the mapping is created
 */
export const compileFilterCriteria = (criteria: FilterCriteria): RecordFilter => {
  if (!Array.isArray(criteria?.Filters)) throw refusal('FilterCriteria has no list named Filters', criteria);
  if (criteria.Filters.length > maxFilters) {
    throw refusal(`there are ${criteria.Filters.length} filters; Lambda takes ${maxFilters}`, criteria);
  }
  const filters = criteria.Filters.map(({ Pattern }) => compileFilter(Pattern));
  if (filters.length === 0) return () => true;
  return (record) => {
    const seen: Seen = { record, parsed: undefined };
    return filters.some((matches) => matches(seen));
  };
};

/** A record whose data is parsed at most once, and only when a filter looks at it. */
interface Seen {
  readonly record: StreamRecord;
  parsed: { readonly value: unknown } | undefined;
}

const compileFilter = (text: string): ((seen: Seen) => boolean) => {
  if (typeof text !== 'string' || text.length > maxPatternLength) {
    throw refusal(`a Pattern is JSON text of at most ${maxPatternLength} characters`, text);
  }
  const { pattern, matches } = parsePattern(text);
  const fields = topFields(pattern);
  const unknown = fields.find(([name]) => name !== 'data' && !metadataFields.includes(name))?.[0];
  if (unknown !== undefined) {
    throw refusal(`a Kinesis event has no ${unknown}; it has data, ${metadataFields.join(', ')}`, text);
  }
  const onData = fields.filter(([name]) => name === 'data');
  if (onData.some(([, rule]) => Array.isArray(rule))) {
    throw refusal('data needs a JSON object: Kinesis data is filtered as JSON', text);
  }
  return (seen) => {
    if (onData.length === 0) return matches(metadataOf(seen.record));
    seen.parsed ??= { value: parseData(seen.record.data) };
    // Data that are not JSON match no pattern that looks at them.
    return isJsonObject(seen.parsed.value) && matches({ ...metadataOf(seen.record), data: seen.parsed.value });
  };
};

const parsePattern = (text: string) => {
  try {
    const pattern = JSON.parse(text) as Record<string, unknown>;
    return { pattern, matches: compilePattern(pattern) };
  } catch (cause) {
    const why = cause instanceof FilterPatternError ? cause.message : 'it is not JSON';
    throw refusal(`a filter pattern is refused: ${why}`, text, cause);
  }
};

/** The fields of the record that a pattern names, those in `$or` too, with their rules. */
const topFields = (pattern: Record<string, unknown>): [string, unknown][] =>
  Object.entries(pattern).flatMap(([name, rule]) =>
    name === '$or' ? (rule as Record<string, unknown>[]).flatMap(topFields) : [[name, rule] as [string, unknown]],
  );

const metadataOf = (record: StreamRecord) => ({
  partitionKey: record.partitionKey,
  sequenceNumber: record.sequenceNumber,
  approximateArrivalTimestamp: record.arrivalMs / 1_000,
  kinesisSchemaVersion: '1.0',
});

const decoder = new TextDecoder('utf-8', { fatal: true });

const parseData = (data: Uint8Array): unknown => {
  try {
    return JSON.parse(decoder.decode(data));
  } catch {
    return undefined;
  }
};

const isJsonObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

const refusal = (what: string, given: unknown, cause?: unknown) =>
  new MillraceError('configuration', 'INVALID_OPTION', `event source mapping: filterCriteria: ${what}`, {
    fix: 'Correct the filter pattern, or leave it out and filter in the pipeline.',
    fields: { option: 'filterCriteria', given },
    cause,
  });
