import { RE2JS } from 're2js';

/** Every operator a filter rule may use, in the words of the API. */
export const FILTER_OPERATORS = [
  'equals',
  'contains',
  'matches',
  'not_equals',
  'in',
  'exists',
  'gt',
  'gte',
  'lt',
  'lte',
  'starts_with',
  'ends_with',
] as const;

export type FilterOperator = (typeof FILTER_OPERATORS)[number];

export type FilterScalar = string | number | boolean | null;

/** What a rule compares with. Only `in` takes a list; `exists` takes a boolean. */
export type FilterValue = FilterScalar | readonly FilterScalar[];

/** Characters of a rule's own text, pattern aside. */
const MAX_VALUE_LENGTH = 1024;
const MAX_PATTERN_LENGTH = 512;
const MAX_LIST_LENGTH = 1000;

/** How many more characters of the document a rule may search; counted down in place. */
export interface TextBudget {
  characters: number;
}

/** What a rule asks of one node. `cost` is the size of its pattern's program, 0 for every other operator. */
export interface Condition {
  kind: 'condition';
  holdsFor(node: unknown, budget: TextBudget): boolean;
  /** True when the rule passes only if no node satisfies `holdsFor`: `not_equals` and `exists: false`. */
  negated: boolean;
  cost: number;
}

export type Compiled = Condition | { kind: 'refused'; message: string };

type Test = Condition['holdsFor'];

const COMPILERS: Readonly<Record<FilterOperator, (value: FilterValue) => Compiled>> = {
  equals: (value) => compileEquals(value, false),
  not_equals: (value) => compileEquals(value, true),
  in: compileIn,
  contains: compileContains,
  matches: compileMatches,
  exists: (value) => (typeof value === 'boolean' ? condition(() => true, !value) : refuse('takes true or false')),
  gt: (value) => compileOrder(value, (order) => order > 0),
  gte: (value) => compileOrder(value, (order) => order >= 0),
  lt: (value) => compileOrder(value, (order) => order < 0),
  lte: (value) => compileOrder(value, (order) => order <= 0),
  starts_with: (value) => compileAffix(value, (text, affix) => text.startsWith(affix)),
  ends_with: (value) => compileAffix(value, (text, affix) => text.endsWith(affix)),
};

/** Turns an operator and its value into a condition; refused when the value is of the wrong type, too long or wrong. */
export function compileOperator(operator: FilterOperator, value: FilterValue): Compiled {
  const fault = [value]
    .flat()
    .map(scalarFault)
    .find((message) => message !== null);
  return fault === undefined ? COMPILERS[operator](value) : refuse(fault);
}

function scalarFault(value: FilterScalar): string | null {
  if (typeof value === 'number' && !Number.isFinite(value)) return 'takes finite numbers only';
  if (typeof value !== 'string' || value.length <= MAX_VALUE_LENGTH) return null;
  return `takes at most ${MAX_VALUE_LENGTH} characters`;
}

function compileEquals(value: FilterValue, negated: boolean): Compiled {
  if (isList(value)) return refuse(`takes one value; ${negated ? 'write a rule for each' : 'use "in" for a list'}`);
  return condition((node) => node === value, negated);
}

function compileIn(value: FilterValue): Compiled {
  if (!isList(value) || value.length === 0) return refuse('takes a list with at least one value');
  if (value.length > MAX_LIST_LENGTH) return refuse(`takes at most ${MAX_LIST_LENGTH} values`);
  const members = new Set<unknown>(value);
  return condition((node) => members.has(node));
}

/** A substring of a string, or a member of an array. */
function compileContains(value: FilterValue): Compiled {
  if (isList(value)) return refuse('takes one value; write a rule for each');
  return condition((node, budget) => {
    if (Array.isArray(node)) return node.includes(value);
    return typeof node === 'string' && typeof value === 'string' && searchable(node, budget).includes(value);
  });
}

/** An unanchored search in strings, and in the JSON text of numbers and booleans. */
function compileMatches(value: FilterValue): Compiled {
  if (typeof value !== 'string') return refuse('takes a pattern, as text');
  if (value.length > MAX_PATTERN_LENGTH) return refuse(`takes a pattern of at most ${MAX_PATTERN_LENGTH} characters`);
  const pattern = compilePattern(value);
  if (pattern === null) return refuse('is not a valid pattern (RE2 syntax: no look-around, no back-references)');
  return condition((node, budget) => matches(pattern, node, budget), false, pattern.programSize());
}

function compilePattern(pattern: string): RE2JS | null {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return null;
  }
}

function matches(pattern: RE2JS, node: unknown, budget: TextBudget): boolean {
  const text = typeof node === 'number' || typeof node === 'boolean' ? String(node) : node;
  return typeof text === 'string' && budget.characters > 0 && pattern.test(searchable(text, budget));
}

/** The part of `text` that the budget still covers, taken from the budget. */
function searchable(text: string, budget: TextBudget): string {
  const part = text.length > budget.characters ? text.slice(0, budget.characters) : text;
  budget.characters -= part.length;
  return part;
}

/** Numbers with numbers, strings with strings by UTF-16 code unit, so that ISO-8601 UTC times compare as times. */
function compileOrder(value: FilterValue, accepts: (order: number) => boolean): Compiled {
  if (typeof value !== 'number' && typeof value !== 'string') return refuse('takes a number or a text');
  return condition((node) => typeof node === typeof value && accepts(orderOf(node, value)));
}

function orderOf(node: unknown, value: string | number): number {
  if (node === value) return 0;
  return (node as typeof value) > value ? 1 : -1;
}

function compileAffix(value: FilterValue, accepts: (text: string, affix: string) => boolean): Compiled {
  if (typeof value !== 'string') return refuse('takes a text');
  return condition((node) => typeof node === 'string' && accepts(node, value));
}

function isList(value: FilterValue): value is readonly FilterScalar[] {
  return Array.isArray(value);
}

function condition(holdsFor: Test, negated = false, cost = 0): Condition {
  return { kind: 'condition', holdsFor, negated, cost };
}

function refuse(message: string): Compiled {
  return { kind: 'refused', message };
}
