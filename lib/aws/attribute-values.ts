import type { AttributeValue as WireValue } from '@aws-sdk/client-dynamodb';
import type { AttributeValue, Item, ItemKey } from '../state/item-store.ts';

export type WireItem = Record<string, WireValue>;

const toWireValue = (value: AttributeValue): WireValue => {
  if (typeof value === 'string') return { S: value };
  return typeof value === 'number' ? { N: String(value) } : { B: value };
};

const fromWireValue = (name: string, value: WireValue): AttributeValue => {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return Number(value.N);
  if (value.B !== undefined) return value.B;
  throw new TypeError(`attribute ${name} is ${Object.keys(value)[0]}; items of a store hold S, N and B only`);
};

export const toWireKey = (key: ItemKey): WireItem => ({ pk: { S: key.pk }, sk: { S: key.sk } });

export const toWireItem = (item: Item): WireItem => {
  const wire: WireItem = {};
  for (const name of Object.keys(item)) wire[name] = toWireValue(item[name] as AttributeValue);
  return wire;
};

export const fromWireItem = (wire: WireItem): Item => {
  const item: Record<string, AttributeValue> = {};
  for (const name of Object.keys(wire)) item[name] = fromWireValue(name, wire[name] as WireValue);
  return item as unknown as Item;
};
