import type { StreamRecord } from '../../connectors/stream-port.ts';
import { MillraceError } from '../../errors/millrace-error.ts';
import type { FaultKind } from './faults.ts';
import type { Operation } from './operation.ts';
import type { Ending } from './process.ts';

/** What can happen to one call. */
export const operationFaults: readonly FaultKind[] = [
  'throttled',
  'answer-lost',
  'repeated',
  'lands-late',
  'partly',
  'reordered',
  'empty-page',
  'killed',
];

/** The fault as it can meet a call: another one where that makes no sense. */
export const meeting = (fault: FaultKind, operation: Operation<unknown>): FaultKind | 'normal' => {
  const met = fitting(fault, operation);
  return met === 'repeated' && operation.isSentOnce === true ? 'answer-lost' : met;
};

const fitting = (fault: FaultKind, operation: Operation<unknown>): FaultKind | 'normal' => {
  if (fault === 'empty-page' && operation.emptyAnswer === undefined) return 'normal';
  if (fault === 'partly' && operation.runPartly === undefined) return operation.writes ? 'lands-late' : 'throttled';
  if (fault === 'reordered' && operation.runReordered === undefined) return operation.writes ? 'repeated' : 'normal';
  if (fault === 'killed' || operation.writes || fault === 'empty-page' || fault === 'throttled') {
    return operation.port === 'clock' && fault !== 'killed' ? 'normal' : fault;
  }
  return operation.port === 'clock' ? 'normal' : 'throttled';
};

/** The error that a port throws by its contract. */
export const unavailable = ({ port, name, target }: Operation<unknown>, mayHaveHappened: boolean): MillraceError => {
  const codes = { streams: 'STREAM_UNAVAILABLE', sinks: 'SINK_UNAVAILABLE' } as const;
  const code =
    port === 'streams' || port === 'sinks' ? codes[port] : mayHaveHappened ? 'OUTCOME_UNKNOWN' : 'STORE_UNAVAILABLE';
  return new MillraceError('retryable', code, `${name} ${target}: a fault of the simulation`);
};

export const describe = ({ name, target }: Operation<unknown>): string => `${name} ${target}`;

export const describeBatch = (batch: readonly StreamRecord[]): string =>
  `${batch.length} records …${batch[0]?.sequenceNumber.slice(-5)} to …${batch.at(-1)?.sequenceNumber.slice(-5)}`;

export const describeEnding = (ending: Ending): string => {
  if (ending.kind === 'killed') return 'its death';
  if (ending.kind === 'done') return ending.next === undefined ? 'success' : `success before …${ending.next.slice(-5)}`;
  return ending.error instanceof MillraceError ? ending.error.code : String(ending.error);
};
