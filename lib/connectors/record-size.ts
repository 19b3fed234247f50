import { MillraceError } from '../errors/millrace-error.ts';
import type { PutEntry } from './stream-port.ts';

/** The limit for one Kinesis record, data and partition key together, unless the stream was configured for more. */
export const maxRecordBytes = 1024 * 1024;

/** @throws MillraceError `RECORD_TOO_LARGE` (operator): Kinesis would refuse the whole request with it */
export const checkRecordBytes = (stream: string, entry: PutEntry): number => {
  const bytes = entry.data.byteLength + Buffer.byteLength(entry.partitionKey);
  if (bytes <= maxRecordBytes) return bytes;
  throw new MillraceError(
    'operator',
    'RECORD_TOO_LARGE',
    `a record for stream ${stream} has ${bytes} bytes; at most ${maxRecordBytes} are allowed, partition key included`,
    { fix: 'Send less in one record.', fields: { stream, bytes, allowedBytes: maxRecordBytes } },
  );
};
