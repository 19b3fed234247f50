import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/** A plain JSON value as DynamoDB holds it. `undefined` fields, which JSON does not have, are left out. */
export const toRowAttribute = (value: unknown): AttributeValue => {
  if (value === null || value === undefined) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(toRowAttribute) };
  return { M: toRowAttributes(value as Record<string, unknown>) };
};

export const toRowAttributes = (row: Readonly<Record<string, unknown>>): Record<string, AttributeValue> => {
  const attributes: Record<string, AttributeValue> = {};
  for (const [name, value] of Object.entries(row)) if (value !== undefined) attributes[name] = toRowAttribute(value);
  return attributes;
};

/** The inverse of {@link toRowAttribute}, for those who read a sink's table. */
export const fromRowAttribute = (attribute: AttributeValue): unknown => {
  if (attribute.S !== undefined) return attribute.S;
  if (attribute.N !== undefined) return Number(attribute.N);
  if (attribute.BOOL !== undefined) return attribute.BOOL;
  if (attribute.L !== undefined) return attribute.L.map(fromRowAttribute);
  if (attribute.M !== undefined) return fromRowAttributes(attribute.M);
  return attribute.B ?? null;
};

export const fromRowAttributes = (row: Readonly<Record<string, AttributeValue>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row).map(([name, attribute]) => [name, fromRowAttribute(attribute)]));
