import { RE2JS, RE2Set } from 're2js';

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
export const MAX_PATTERN_LENGTH = 512;
export const MAX_LIST_LENGTH = 1000;

/** Steps that whoever comes first may take; counted down in place. */
export interface SharedSteps {
  steps: number;
}

/** How much more of the document a rule may search; counted down in place. */
export interface TextBudget {
  characters: number;
  /** What these may take, in steps of about 25 ns: its own first. */
  steps: number;
  /** What it may take beyond that. */
  common: SharedSteps;
  /** Whether something was left out of a search because of that. */
  isCut: boolean;
}

/** What a rule asks of one node. */
export interface Condition {
  kind: 'condition';
  holdsFor(node: unknown, budget: TextBudget): boolean;
  /** True when the rule passes only if no node satisfies `holdsFor`: `not_equals` and `exists: false`. */
  negated: boolean;
  /** The size of its pattern's program, 0 for every other operator. */
  cost: number;
  /** What searching one character takes at worst, in steps of about 25 ns; 0 where nothing is searched. */
  stepsPerCharacter: number;
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
  if (typeof value !== 'string') return condition((node) => Array.isArray(node) && node.includes(value));
  const stepsPerCharacter = value.length / CHARACTERS_COMPARED_IN_A_STEP;
  const contains: Test = (node, budget) => {
    if (Array.isArray(node)) return node.includes(value);
    return typeof node === 'string' && searchable(node, budget, stepsPerCharacter).includes(value);
  };
  return { ...condition(contains), stepsPerCharacter };
}

/** Measured: a long text of few letters against a value of as few, which differ where they are compared last. */
const CHARACTERS_COMPARED_IN_A_STEP = 60;

/** An unanchored search in strings, and in the JSON text of numbers and booleans. */
function compileMatches(value: FilterValue): Compiled {
  if (typeof value !== 'string') return refuse('takes a pattern, as text');
  if (value.length > MAX_PATTERN_LENGTH) return refuse(`takes a pattern of at most ${MAX_PATTERN_LENGTH} characters`);
  const size = programSize(value);
  if (size === null) return refuse('is not a valid pattern (RE2 syntax: no look-around, no back-references)');
  const pattern = { machine: machine(value), looksAtEnd: looksAtEnd(value), stepsPerCharacter: size };
  const searched: Test = (node, budget) => matches(pattern, node, budget);
  return { ...condition(searched), cost: size, stepsPerCharacter: size };
}

/** The size of the program of a pattern; null when it is none. */
function programSize(pattern: string): number | null {
  try {
    return RE2JS.compile(pattern).programSize();
  } catch {
    return null;
  }
}

/**
 * What a pattern may remember of the texts it saw, in bytes. A `RE2JS` takes 8 MiB, and most of the time of a hostile
 * match goes into filling that.
 */
const MACHINE_BYTES = 262_144;

/** A machine for one pattern, built when it is first used. */
function machine(pattern: string): () => RE2Set {
  let built: RE2Set | null = null;
  return () => {
    if (built !== null) return built;
    built = new RE2Set(RE2Set.UNANCHORED, 0, MACHINE_BYTES);
    built.add(pattern);
    return built;
  };
}

/** What a pattern takes literally, and classes: `\Q…\E`, `\$` and `[$]` are no end. */
const NO_END = /\\Q.*?(?:\\E|$)|\\[^zbB]|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]/gs;

/** Whether a pattern may find in the first part of a text what the text has not: its end, or that of a word. */
function looksAtEnd(pattern: string): boolean {
  return /\$|\\[zbB]/.test(pattern.replace(NO_END, ''));
}

interface Pattern {
  machine(): RE2Set;
  looksAtEnd: boolean;
  stepsPerCharacter: number;
}

function matches({ machine, looksAtEnd, stepsPerCharacter }: Pattern, node: unknown, budget: TextBudget): boolean {
  const text = typeof node === 'number' || typeof node === 'boolean' ? String(node) : node;
  if (typeof text !== 'string') return false;
  if (looksAtEnd && text.length > charactersLeft(budget, stepsPerCharacter)) {
    budget.isCut = true;
    return false;
  }
  return machine().match(searchable(text, budget, stepsPerCharacter)).length > 0;
}

/** The part of `text` that the budget still covers, taken from the budget. */
function searchable(text: string, budget: TextBudget, stepsPerCharacter: number): string {
  const left = charactersLeft(budget, stepsPerCharacter);
  const isCut = text.length > left;
  const part = isCut ? text.slice(0, left) : text;
  const steps = part.length * stepsPerCharacter;
  const own = Math.min(steps, budget.steps);
  budget.characters -= part.length;
  budget.steps -= own;
  budget.common.steps -= steps - own;
  budget.isCut ||= isCut;
  return part;
}

function charactersLeft({ characters, steps, common }: TextBudget, stepsPerCharacter: number): number {
  if (stepsPerCharacter === 0) return characters;
  // Parts of steps add up to a little less than nothing.
  return Math.min(characters, Math.max(0, Math.floor((steps + common.steps) / stepsPerCharacter)));
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

function condition(holdsFor: Test, negated = false): Condition {
  return { kind: 'condition', holdsFor, negated, cost: 0, stepsPerCharacter: 0 };
}

function refuse(message: string): Compiled {
  return { kind: 'refused', message };
}
