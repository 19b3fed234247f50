import { describe, expect, it } from 'vitest';
import { canonicalJson, compareText } from '../../../lib/core/canonical-json.ts';

describe('canonicalJson', () => {
  it('is one text for objects whose keys came in different orders, however deep', () => {
    expect(canonicalJson({ b: { z: '"\n', é: true }, a: [{ y: null, x: 1 }] })).toBe(
      '{"a":[{"x":1,"y":null}],"b":{"z":"\\"\\n","é":true}}',
    );
    expect(canonicalJson({ a: [{ x: 1, y: null }], b: { é: true, z: '"\n' } })).toBe(
      canonicalJson({ b: { z: '"\n', é: true }, a: [{ y: null, x: 1 }] }),
    );
  });

  it('leaves out what is undefined, and keeps the order of arrays', () => {
    expect(canonicalJson({ b: undefined, a: [3, 1, 2] })).toBe('{"a":[3,1,2]}');
    expect(canonicalJson([undefined])).toBe('[null]');
  });

  it('is the text of a scalar', () => {
    expect(['a', 1.5, true, null].map(canonicalJson)).toEqual(['"a"', '1.5', 'true', 'null']);
  });
});

describe('compareText', () => {
  it('orders by code units, not by a language', () => {
    expect(['é', 'b', 'Z', 'a'].toSorted(compareText)).toEqual(['Z', 'a', 'b', 'é']);
  });
});
