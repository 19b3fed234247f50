/** The rules of one event filter pattern, as Lambda documents them. A compiled pattern never throws. */

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Matcher = (value: unknown) => boolean;
/** `undefined` stands for a field that is not there. */
type LeafMatcher = (value: null | boolean | number | string | undefined) => boolean;

/** A text that says what is wrong with a pattern and where. */
export class FilterPatternError extends Error {}

/** @throws FilterPatternError */
export const compilePattern = (pattern: unknown, path = '$'): Matcher => {
  if (!isObject(pattern)) throw new FilterPatternError(`${path} is not an object`);
  const names = Object.keys(pattern);
  if (names.length === 0) throw new FilterPatternError(`${path} is empty`);
  const fields = names.map((name) => compileField(name, pattern[name] as Json, `${path}.${name}`));
  return (value) => fields.every((matches) => matches(value));
};

const compileField = (name: string, rule: Json, path: string): Matcher => {
  if (name === '$or') return compileOr(rule, path);
  if (Array.isArray(rule)) {
    const leaf = compileLeaf(rule, path);
    return (value) => matchesLeaf(leaf, fieldOf(value, name));
  }
  const nested = compilePattern(rule, path);
  return (value) => {
    const inner = fieldOf(value, name);
    return Array.isArray(inner) ? inner.some((element) => nested(element)) : nested(inner);
  };
};

const compileOr = (rule: Json, path: string): Matcher => {
  if (!Array.isArray(rule) || rule.length < 2) throw new FilterPatternError(`${path} needs at least two patterns`);
  const patterns = rule.map((pattern, index) => compilePattern(pattern, `${path}[${index}]`));
  return (value) => patterns.some((matches) => matches(value));
};

const compileLeaf = (rules: readonly Json[], path: string): LeafMatcher => {
  if (rules.length === 0) throw new FilterPatternError(`${path} has no rule`);
  const matchers = rules.map((rule, index) => compileRule(rule, `${path}[${index}]`));
  return (value) => matchers.some((matches) => matches(value));
};

const compileRule = (rule: Json, path: string): LeafMatcher => {
  if (!isObject(rule)) {
    if (Array.isArray(rule)) throw new FilterPatternError(`${path} is an array; a rule is a value or an operator`);
    return (value) => value === rule;
  }
  const [operator, ...more] = Object.keys(rule);
  if (operator === undefined || more.length > 0) throw new FilterPatternError(`${path} must hold exactly one operator`);
  const compile = Object.hasOwn(operators, operator) ? operators[operator] : undefined;
  if (compile === undefined) {
    const known = Object.keys(operators).join(', ');
    throw new FilterPatternError(`${path} has the operator ${operator}; Lambda knows ${known}`);
  }
  return compile(rule[operator] as Json, `${path}.${operator}`);
};

const operators: Readonly<Record<string, (operand: Json, path: string) => LeafMatcher>> = {
  prefix: (operand, path) => {
    const { text, fold } = textOperand(operand, path);
    return (value) => typeof value === 'string' && fold(value).startsWith(text);
  },
  suffix: (operand, path) => {
    const { text, fold } = textOperand(operand, path);
    return (value) => typeof value === 'string' && fold(value).endsWith(text);
  },
  'equals-ignore-case': (operand, path) => {
    const text = asText(operand, path).toLowerCase();
    return (value) => typeof value === 'string' && value.toLowerCase() === text;
  },
  'anything-but': (operand, path) => {
    const excluded = isObject(operand) ? compileRule(operand, path) : compileLeaf([operand].flat() as Json[], path);
    return (value) => value !== undefined && !excluded(value);
  },
  exists: (operand, path) => {
    if (typeof operand !== 'boolean') throw new FilterPatternError(`${path} must be true or false`);
    return (value) => (value !== undefined) === operand;
  },
  numeric: (operand, path) => {
    const comparisons = numericOperand(operand, path);
    return (value) => typeof value === 'number' && comparisons.every((holds) => holds(value));
  },
};

const comparators: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

/** One comparison, or two that bound a range. */
const numericOperand = (operand: Json, path: string): readonly ((value: number) => boolean)[] => {
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) {
    throw new FilterPatternError(`${path} must be [operator, number] or [operator, number, operator, number]`);
  }
  const pairs = operand.length === 2 ? [operand] : [operand.slice(0, 2), operand.slice(2)];
  return pairs.map(([operator, bound]) => {
    const compare =
      typeof operator === 'string' && Object.hasOwn(comparators, operator) ? comparators[operator] : undefined;
    if (compare === undefined || typeof bound !== 'number') {
      throw new FilterPatternError(`${path} must compare by ${Object.keys(comparators).join(' ')} with a number`);
    }
    return (value) => compare(value, bound);
  });
};

const textOperand = (operand: Json, path: string): { text: string; fold: (value: string) => string } => {
  if (!isObject(operand)) return { text: asText(operand, path), fold: (value) => value };
  const text = asText(operand['equals-ignore-case'] ?? null, `${path}.equals-ignore-case`);
  return { text: text.toLowerCase(), fold: (value) => value.toLowerCase() };
};

const asText = (operand: Json, path: string): string => {
  if (typeof operand === 'string') return operand;
  throw new FilterPatternError(`${path} must be a string`);
};

/** Only leaves match; of an array, any leaf in it. An object in a leaf's place counts as nothing there. */
const matchesLeaf = (leaf: LeafMatcher, value: unknown): boolean => {
  if (Array.isArray(value)) return value.some((element) => matchesLeaf(leaf, element));
  return leaf(isObject(value) ? undefined : (value as Parameters<LeafMatcher>[0]));
};

const fieldOf = (value: unknown, name: string): unknown =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;

const isObject = (value: unknown): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
