import { type QuarantinedRecord, quarantineId } from '../lib/runtime/quarantine.ts';

const previewChars = 200;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A quarantined record for scripts: the payload as text where it is text. */
export const describeQuarantined = (record: QuarantinedRecord): Record<string, unknown> => {
  const { payload, payloadKind, ...rest } = record;
  return { id: quarantineId(record), ...rest, payloadKind, ...decode(record) };
};

/** The same for people: its id and three lines. */
export const renderQuarantined = (record: QuarantinedRecord): string => {
  const { payload, payloadEncoding } = decode(record);
  const where = record.path === '' ? record.operator : `${record.operator}, at ${record.path}`;
  const tries =
    record.redrives === undefined ? '' : ` · redriven ${record.redrives} ${record.redrives === 1 ? 'time' : 'times'}`;
  const from = record.sequenceNumber === '' ? '' : ` · record ${record.sequenceNumber}${subOf(record)}`;
  const shown = payload.length <= previewChars ? payload : `${payload.slice(0, previewChars - 1)}…`;
  return [
    quarantineId(record),
    `  ${record.code} in ${where}: ${record.message}`,
    `  stage ${record.stage} · ${record.shardId} · commit ${record.n}${from}${tries}`,
    `  ${record.payloadKind}${payloadEncoding === 'base64' ? ' (base64)' : ''}: ${shown}`,
  ].join('\n');
};

const subOf = ({ subSequenceNumber }: QuarantinedRecord): string =>
  subSequenceNumber === 0 ? '' : ` (user record ${subSequenceNumber})`;

const decode = ({
  payload,
  payloadKind,
}: QuarantinedRecord): { payloadEncoding: 'text' | 'base64'; payload: string } => {
  if (payloadKind !== 'record') return { payloadEncoding: 'text', payload };
  try {
    return { payloadEncoding: 'text', payload: utf8.decode(Buffer.from(payload, 'base64')) };
  } catch {
    return { payloadEncoding: 'base64', payload };
  }
};
