/** Rules that are well-formed and can still never do what they say: refused when they are saved. */
import type { FilterOperator, FilterScalar } from './filter-operator.ts';
import type { FilterError, UnlimitedRule } from './filter-rule.ts';

/** Rules that look where the document never has anything. @param roots the members at its top */
export function rootErrors(rules: readonly UnlimitedRule[], roots: readonly string[]): FilterError[] {
  return rules.flatMap(({ rule, index, path }) => {
    const [first] = path.kind === 'singular' ? path.steps.slice(0, 1).map((step) => [step]) : path.steps;
    if (first === undefined) return [];
    const finds = first.some((step) => step.kind === 'every' || (step.kind === 'child' && isOneOf(step.name, roots)));
    if (finds) return [];
    const message = `nothing is there: an event has ${roots.join(', ')} at its top; did you mean ${meant(rule.field)}?`;
    return [{ pointer: `/filters/${index}/field`, message }];
  });
}

function isOneOf(name: string | null, roots: readonly string[]): boolean {
  return name !== null && roots.includes(name);
}

/** The envelope calls `event` what a publisher calls `type`; everything else of an event is below `data`. */
function meant(field: string): string {
  if (field === 'type' || field === '$.type') return field.replace('type', 'event');
  return field.startsWith('$') ? `$.data${field.slice(1)}` : `data.${field}`;
}

/** Whole numbers that JSON cannot tell from their neighbours: a rule would pass for these too. */
export function numberErrors(rules: readonly UnlimitedRule[]): FilterError[] {
  const message = `beyond ±${Number.MAX_SAFE_INTEGER} whole numbers cannot be told apart; publish such ids as texts and compare those`;
  return rules.flatMap(({ rule, index }) => {
    const isUnsafe = [rule.value].flat().some((value) => Number.isInteger(value) && !Number.isSafeInteger(value));
    return isUnsafe ? [{ pointer: `/filters/${index}/value`, message }] : [];
  });
}

/** Pairs of rules on one node that no value passes together. A path to several nodes may satisfy both. */
export function contradictions(rules: readonly UnlimitedRule[]): FilterError[] {
  const before = new Map<string, number[]>();
  return rules.flatMap((compiled, index) => {
    const { rule, path } = compiled;
    if (path.kind !== 'singular') return [];
    const others = before.get(path.id) ?? [];
    before.set(path.id, [...others, index]);
    const first = others.find((other) => contradict(rules[other], compiled));
    if (first === undefined) return [];
    const both = rule.operator === 'equals' && rules[first]?.rule.operator === 'equals';
    const why = both ? 'cannot equal two values at once; use "in" for either' : 'has no value that passes both';
    return [{ pointer: `/filters/${index}/value`, message: `contradicts filter ${first}: ${rule.field} ${why}` }];
  });
}

function contradict(a: UnlimitedRule | undefined, b: UnlimitedRule): boolean {
  if (a === undefined) return false;
  return lacksNode(a, b) || lacksNode(b, a) || excludes(a, b) || excludes(b, a) || isEmpty(rangeOf(a), rangeOf(b));
}

/** One asks that nothing is there, the other one for something. */
function lacksNode({ rule, condition }: UnlimitedRule, other: UnlimitedRule): boolean {
  return rule.operator === 'exists' && condition.negated && !other.condition.negated;
}

/** None of the values that the one allows passes the other. Patterns are left out: a thousand values cost too much. */
function excludes({ rule }: UnlimitedRule, { condition }: UnlimitedRule): boolean {
  const allowed = rule.operator === 'equals' || rule.operator === 'in' ? [rule.value].flat() : [];
  if (allowed.length === 0 || condition.cost > 0) return false;
  const all = Number.POSITIVE_INFINITY;
  return allowed.every((value) => {
    const budget = { characters: all, steps: all, common: { steps: 0 }, isCut: false };
    return condition.holdsFor(value, budget) === condition.negated;
  });
}

interface Range {
  value: FilterScalar;
  side: 'low' | 'high';
  open: boolean;
}

const RANGES: Readonly<Partial<Record<FilterOperator, Omit<Range, 'value'>>>> = {
  gt: { side: 'low', open: true },
  gte: { side: 'low', open: false },
  lt: { side: 'high', open: true },
  lte: { side: 'high', open: false },
};

function rangeOf({ rule: { operator, value } }: UnlimitedRule): Range | null {
  const range = RANGES[operator];
  return range === undefined || Array.isArray(value) ? null : { ...range, value: value as FilterScalar };
}

function isEmpty(a: Range | null, b: Range | null): boolean {
  if (a === null || b === null) return false;
  if (typeof a.value !== typeof b.value) return true;
  if (a.side === b.side) return false;
  const [low, high] = a.side === 'low' ? [a, b] : [b, a];
  if (low.value === high.value) return low.open || high.open;
  return isAbove(low.value, high.value);
}

/** Texts by UTF-16 code unit and numbers by size, as the operators themselves compare them. */
function isAbove(a: FilterScalar, b: FilterScalar): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a > b;
  return typeof a === 'string' && typeof b === 'string' && a > b;
}
