/** Where a value stops being plain JSON, and what is there instead. */
export interface PlainJsonProblem {
  /** From the root: `items[2].at`; empty for the root itself. */
  readonly path: string;
  /** As a phrase: `a Date`, `NaN`, `undefined`, `a bigint`, `an instance of Order`. */
  readonly found: string;
}

/** Values nested deeper are refused: it is what a cycle looks like, without the cost of remembering every object. */
export const maxJsonDepth = 100;

/** A problem on its way out of the recursion: the keys from the inside to the outside. */
interface Located {
  readonly found: string;
  readonly keys: (string | number)[];
}

/**
 * Says whether a value survives `JSON.parse(JSON.stringify(value))` unchanged, which is what a record needs to cross a
 * repartition or to enter state without a schema.
 *
 * Plain are finite numbers, strings, booleans, null, arrays without holes, and objects whose prototype is
 * `Object.prototype` or null. A property whose value is `undefined` is allowed: it is dropped, and reads the same
 * afterwards. −0 is allowed: it becomes 0, which is `===` to it. Properties with symbol keys are not looked at.
 *
 * It allocates nothing while the value is fine.
 *
 * @returns `undefined` when the value is plain JSON, else its first problem
 * @example plainJsonProblem({ at: new Date() }) // { path: 'at', found: 'a Date' }
 */
export const plainJsonProblem = (value: unknown): PlainJsonProblem | undefined => {
  const located = locate(value, 0);
  return located && { path: pathOf(located.keys), found: located.found };
};

const locate = (value: unknown, depth: number): Located | undefined => {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      // NaN and both infinities are what differs from itself when taken from itself.
      return value - value === 0 ? undefined : here(String(value));
    case 'object':
      return value === null ? undefined : locateInside(value, depth);
    case 'undefined':
      return here('undefined');
    default:
      return here(`a ${typeof value}`);
  }
};

const locateInside = (value: object, depth: number): Located | undefined => {
  const prototype: unknown = Object.getPrototypeOf(value);
  const isArray = prototype === Array.prototype && Array.isArray(value);
  if (!isArray && prototype !== Object.prototype && prototype !== null) return here(nameInstance(value));
  if (depth === maxJsonDepth) return here(`nesting deeper than ${maxJsonDepth} levels, or a cycle`);
  return isArray ? locateInArray(value, depth + 1) : locateInObject(value as Record<string, unknown>, depth + 1);
};

const locateInArray = (values: readonly unknown[], depth: number): Located | undefined => {
  for (let i = 0; i < values.length; i += 1) {
    const located = locate(values[i], depth);
    if (located !== undefined) return outward(located, i);
  }
  return undefined;
};

const locateInObject = (object: Record<string, unknown>, depth: number): Located | undefined => {
  for (const key in object) {
    const value = object[key];
    if (value === undefined) continue;
    const located = locate(value, depth);
    if (located !== undefined) return outward(located, key);
  }
  return undefined;
};

const here = (found: string): Located => ({ found, keys: [] });

const outward = (located: Located, key: string | number): Located => {
  located.keys.push(key);
  return located;
};

const nameInstance = (value: object): string => {
  const name = (value as { readonly constructor?: unknown }).constructor;
  const text = typeof name === 'function' && name.name !== '' ? name.name : 'a class';
  return builtIns.has(text) ? `a ${text}` : `an instance of ${text}`;
};

const builtIns = new Set(['Date', 'Map', 'Set', 'RegExp', 'Promise', 'WeakMap', 'WeakSet', 'URL', 'Buffer']);

const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

const pathOf = (keysFromInside: readonly (string | number)[]): string => {
  let path = '';
  for (let i = keysFromInside.length - 1; i >= 0; i -= 1) {
    const key = keysFromInside[i]!;
    if (typeof key === 'number') path += `[${key}]`;
    else if (!identifier.test(key)) path += `[${JSON.stringify(key)}]`;
    else path += path === '' ? key : `.${key}`;
  }
  return path;
};

/** A value's copy; `undefined` where it is not plain JSON, and for what a copy may differ from: `__proto__` as a name, an object without a prototype. */
export const copyPlainJson = (value: unknown): unknown => copyAt(value, 0);

const copyAt = (value: unknown, depth: number): unknown => {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return value - value === 0 ? value : undefined;
    case 'object':
      return value === null ? null : copyInside(value, depth);
    default:
      return undefined;
  }
};

const copyInside = (value: object, depth: number): unknown => {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (depth === maxJsonDepth) return undefined;
  if (prototype === Object.prototype) return copyObject(value as Record<string, unknown>, depth + 1);
  return prototype === Array.prototype && Array.isArray(value) ? copyArray(value, depth + 1) : undefined;
};

const copyArray = (values: readonly unknown[], depth: number): unknown[] | undefined => {
  const copy: unknown[] = [];
  for (let i = 0; i < values.length; i += 1) {
    const part = copyAt(values[i], depth);
    if (part === undefined) return undefined;
    copy.push(part);
  }
  return copy;
};

const copyObject = (object: Record<string, unknown>, depth: number): Record<string, unknown> | undefined => {
  const copy: Record<string, unknown> = {};
  for (const name in object) {
    const part = copyAt(object[name], depth);
    if (part === undefined || name === '__proto__') return undefined;
    copy[name] = part;
  }
  return copy;
};
