import { describe, expect, test } from 'vitest';
import { compileFilterCriteria } from '../../../lib/local/mapping/filter-criteria.ts';

const record = (data: unknown, partitionKey = 'k') => ({
  sequenceNumber: '100',
  partitionKey,
  arrivalMs: 1_545_084_650_987,
  data: Buffer.from(typeof data === 'string' ? data : JSON.stringify(data)),
});
const filter = (...patterns: unknown[]) =>
  compileFilterCriteria({ Filters: patterns.map((pattern) => ({ Pattern: JSON.stringify(pattern) })) });
const passes = (rule: unknown, value: unknown) => filter({ data: { f: [rule] } })(record({ f: value }));

describe('a rule', () => {
  test.each([
    ['a string', 'buy', ['buy'], ['sell', 'buyer', null, 5]],
    ['a number', 5, [5, 5.0], ['5', 6]],
    ['a boolean', true, [true], [false, 'true']],
    ['null', null, [null], ['', 0, false]],
    ['the empty string', '', [''], [null, ' ']],
    ['prefix', { prefix: 'us-' }, ['us-east-1'], ['eu-us-1', 5]],
    ['prefix, ignoring case', { prefix: { 'equals-ignore-case': 'US-' } }, ['us-east-1', 'Us-x'], ['eu']],
    ['suffix', { suffix: '.png' }, ['a.png'], ['a.PNG', '.pngx']],
    ['suffix, ignoring case', { suffix: { 'equals-ignore-case': '.png' } }, ['a.PNG'], ['png']],
    ['equals-ignore-case', { 'equals-ignore-case': 'Abc' }, ['aBC'], ['abcd']],
    ['anything-but a value', { 'anything-but': 'rain' }, ['sun', 5, null], ['rain']],
    ['anything-but a list', { 'anything-but': [1, 2] }, [3, 'x'], [1, 2]],
    ['anything-but a prefix', { 'anything-but': { prefix: 'us-' } }, ['eu-1'], ['us-1']],
    ['numeric equals', { numeric: ['=', 100] }, [100], [101, '100']],
    ['numeric range', { numeric: ['>', 10, '<=', 20] }, [11, 20], [10, 21]],
    ['exists', { exists: true }, ['x', null, 0], []],
  ])('%s matches what it should and nothing else', (_name, rule, matching, other) => {
    expect(matching.map((value) => passes(rule, value))).toEqual(matching.map(() => true));
    expect(other.map((value) => passes(rule, value))).toEqual(other.map(() => false));
  });

  test('of a field that is not there matches only exists: false', () => {
    expect(filter({ data: { f: [{ exists: false }] } })(record({ g: 1 }))).toBe(true);
    expect(filter({ data: { f: [{ exists: false }] } })(record({ f: 1 }))).toBe(false);
    expect(filter({ data: { f: [{ 'anything-but': 'x' }] } })(record({ g: 1 }))).toBe(false);
    expect(filter({ data: { a: { f: [{ exists: false }] } } })(record({}))).toBe(true);
  });

  test('looks at leaves only', () => {
    expect(passes({ exists: true }, { deeper: 1 })).toBe(false);
  });

  test('matches any element of an array', () => {
    expect(passes('b', ['a', 'b'])).toBe(true);
    expect(passes('c', ['a', 'b'])).toBe(false);
    expect(filter({ data: { f: { g: [1] } } })(record({ f: [{ g: 2 }, { g: 1 }] }))).toBe(true);
  });
});

describe('a pattern', () => {
  test('wants all of its fields, and any value of a list', () => {
    const orders = filter({ data: { type: ['buy', 'sell'], quantity: [{ numeric: ['>', 10] }] } });
    expect(orders(record({ type: 'sell', quantity: 11 }))).toBe(true);
    expect(orders(record({ type: 'sell', quantity: 9 }))).toBe(false);
  });

  test('knows $or over several fields', () => {
    const either = filter({ data: { $or: [{ a: [1] }, { b: [{ exists: true }] }] } });
    expect([{ a: 1 }, { b: 0 }, { a: 2 }].map((data) => either(record(data)))).toEqual([true, true, false]);
  });

  test('reads the metadata of the record', () => {
    const keyed = filter({ partitionKey: [{ prefix: 'a' }] });
    expect(keyed(record('not JSON', 'ab'))).toBe(true);
    expect(keyed(record({}, 'ba'))).toBe(false);
    expect(filter({ approximateArrivalTimestamp: [{ numeric: ['>', 1_545_084_650] }] })(record({}))).toBe(true);
  });

  test('that looks at data drops records whose data are not JSON', () => {
    expect(filter({ data: { f: [{ exists: false }] } })(record('plain text'))).toBe(false);
  });
});

describe('filter criteria', () => {
  test('let a record through when any filter matches it', () => {
    const any = filter({ data: { a: [1] } }, { data: { a: [2] } });
    expect([1, 2, 3].map((a) => any(record({ a })))).toEqual([true, true, false]);
  });

  test('without filters let everything through', () => {
    expect(filter()(record('anything'))).toBe(true);
  });

  test.each([
    ['more than five filters', Array.from({ length: 6 }, () => ({ partitionKey: ['a'] })), /takes 5/],
    ['an operator that Lambda does not know', [{ data: { f: [{ wildcard: '*' }] } }], /wildcard/],
    ['a name from the prototype as operator', [{ data: { f: [{ constructor: 'x' }] } }], /constructor/],
    ['a value without a list', [{ data: { f: 'x' } }], /\$\.data\.f is not an object/],
    ['an empty list', [{ data: { f: [] } }], /no rule/],
    ['an empty pattern', [{}], /empty/],
    ['data as plain text', [{ data: ['text'] }], /JSON/],
    ['a field that no event has', [{ kinesis: { partitionKey: ['a'] } }], /no kinesis/],
    ['a malformed numeric rule', [{ data: { f: [{ numeric: ['>'] }] } }], /numeric/],
    ['a pattern that is too long', [{ partitionKey: ['x'.repeat(4_096)] }], /4096/],
  ])('refuse %s', (_name, patterns, message) => {
    expect(() => filter(...patterns)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
    expect(() => filter(...patterns)).toThrow(message);
  });

  test('refuse a pattern that is not JSON', () => {
    expect(() => compileFilterCriteria({ Filters: [{ Pattern: '{' }] })).toThrow(/not JSON/);
  });
});
