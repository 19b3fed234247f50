import { MillraceError } from '../errors/millrace-error.ts';
import type { AttributeValue, Item } from './item-store.ts';

/** DynamoDB's limit for one item, attribute names counted. */
export const maxItemBytes = 400 * 1024;

const numberBytes = (value: number): number => {
  const digits = String(Math.abs(value)).replace(/[.e+-]/g, '').length;
  return 1 + Math.ceil(digits / 2) + (value < 0 ? 1 : 0);
};

const valueBytes = (value: AttributeValue): number => {
  if (typeof value === 'string') return Buffer.byteLength(value);
  return typeof value === 'number' ? numberBytes(value) : value.byteLength;
};

/**
 * An item's size in bytes as DynamoDB documents it: UTF-8 names and text, raw binary, and about half a byte for each
 * digit of a number.
 */
export const itemBytes = (item: Item): number => {
  let bytes = 0;
  for (const name of Object.keys(item)) bytes += Buffer.byteLength(name) + valueBytes(item[name] as AttributeValue);
  return bytes;
};

export const readUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / 4_096));
export const writeUnits = (bytes: number): number => Math.max(1, Math.ceil(bytes / 1_024));

/** @throws MillraceError `ITEM_TOO_LARGE` (operator), as DynamoDB would refuse it */
export const checkItemBytes = (item: Item): number => {
  const bytes = itemBytes(item);
  if (bytes <= maxItemBytes) return bytes;
  throw new MillraceError(
    'operator',
    'ITEM_TOO_LARGE',
    `the item ${item.pk} / ${item.sk} has ${bytes} bytes; at most ${maxItemBytes} are allowed`,
    { fix: 'Store large payloads as several items, or shorten the row.', fields: { pk: item.pk, sk: item.sk, bytes } },
  );
};
