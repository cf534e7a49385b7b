import { budgetOf, commonSteps, MAX_NODES, type RuleBudget, withLimits } from './filter-limits.ts';
import { compileOperator, type FilterOperator, MAX_PATTERN_LENGTH } from './filter-operator.ts';
import type { CompiledRule, FilterError, FilterRule, UnlimitedRule } from './filter-rule.ts';
import { contradictions, numberErrors, rootErrors } from './filter-sense.ts';
import { type JsonPath, parsePath, someNode } from './json-path.ts';
import { estimatedSize } from './pattern-size.ts';

export { FILTER_OPERATORS, type FilterOperator, type FilterValue } from './filter-operator.ts';
export type { FilterError, FilterRule } from './filter-rule.ts';

/** Rules that were checked once and can be evaluated any number of times. */
export interface CompiledFilters {
  rules: readonly CompiledRule[];
}

export type FiltersCompiled =
  | { kind: 'compiled'; filters: CompiledFilters }
  | { kind: 'refused'; errors: readonly FilterError[] };

/** The verdict on a document; a failure names the first rule that says no. */
export type FilterVerdict = { kind: 'pass' } | FilterFailure;

export interface FilterFailure {
  kind: 'fail';
  /** Position of the rule in the list, from 0. */
  index: number;
  field: string;
  operator: FilterOperator;
  /** What the path selects: undefined when nothing; for a path that may select several nodes, the first ten in a list. */
  actual: unknown;
  /** Whether the rule had to leave out a part of the document, which is too much for it. */
  isCut: boolean;
}

export const MAX_FILTERS = 50;
/** Sizes of all patterns of a list together; an ordinary pattern has a size of 5 to 30. */
const MAX_PATTERN_COST = 500;
const MAX_SHOWN_NODES = 10;

/**
 * Checks and compiles rules that are to be saved. Refused, with every fault found: more than 50 rules, a wrong or
 * unbounded path, a wrong value for an operator, patterns too costly together, and what can never pass.
 * @param roots the members that the documents have at their top; null when they may have any
 */
export function compileFilters(rules: readonly FilterRule[], roots: readonly string[] | null = null): FiltersCompiled {
  if (rules.length > MAX_FILTERS) return refuse([{ pointer: '/filters', message: `at most ${MAX_FILTERS} filters` }]);
  const errors: FilterError[] = [];
  const compiled: UnlimitedRule[] = [];
  let cost = 0;
  for (const [index, rule] of rules.entries()) {
    if (isFarTooLarge(rule)) return refuse([...errors, tooLarge(`/filters/${index}/value`)]);
    const made = compileRule(rule, index, errors);
    if (made === null) continue;
    compiled.push(made);
    cost += made.condition.cost;
    // The other patterns are not compiled any more: that is what their size is limited for.
    if (cost > MAX_PATTERN_COST)
      return refuse([...errors, tooLarge(rules.length === 1 ? '/filters/0/value' : '/filters')]);
  }
  errors.push(...numberErrors(compiled), ...(roots === null ? [] : rootErrors(compiled, roots)));
  if (errors.length === 0) errors.push(...contradictions(compiled));
  return errors.length === 0 ? { kind: 'compiled', filters: { rules: withLimits(compiled) } } : refuse(errors);
}

/** Compiles rules as they were saved, also by a version of the program that refused less. Throws when they are none. */
export function compileSaved(rules: readonly FilterRule[]): CompiledFilters {
  const errors: FilterError[] = [];
  const compiled = withLimits(rules.flatMap((rule, index) => compileRule(rule, index, errors) ?? []));
  if (errors.length > 0) throw new Error('a stored filter does not compile');
  return { rules: compiled };
}

function compileRule(rule: FilterRule, index: number, errors: FilterError[]): UnlimitedRule | null {
  const parsed = parsePath(rule.field);
  const condition = compileOperator(rule.operator, rule.value);
  if (parsed.kind === 'refused') errors.push({ pointer: `/filters/${index}/field`, message: parsed.message });
  if (condition.kind === 'refused') {
    errors.push({ pointer: `/filters/${index}/value`, message: `${rule.operator} ${condition.message}` });
  }
  if (parsed.kind === 'refused' || condition.kind === 'refused') return null;
  return { rule, index, path: parsed.path, condition };
}

/** Patterns whose estimated size is so many times too large are not compiled to measure them. */
const FAR = 4;

function isFarTooLarge({ operator, value }: FilterRule): boolean {
  if (operator !== 'matches' || typeof value !== 'string' || value.length > MAX_PATTERN_LENGTH) return false;
  return estimatedSize(value) > FAR * MAX_PATTERN_COST;
}

function tooLarge(pointer: string): FilterError {
  const message = `the patterns are too large together (over ${MAX_PATTERN_COST} instructions); lower their repeat counts or use "in"`;
  return { pointer, message };
}

function refuse(errors: readonly FilterError[]): FiltersCompiled {
  return { kind: 'refused', errors };
}

/**
 * Whether every rule holds for a parsed JSON document. A rule passes when any node its path selects satisfies it
 * (`not_equals`: when all differ); with no node only `not_equals` and `exists: false` pass. Values of different JSON
 * types never equal each other.
 */
export function evaluate(filters: CompiledFilters, document: unknown): FilterVerdict {
  const common = commonSteps();
  for (const [index, failed] of filters.rules.entries()) {
    const budget = budgetOf(failed, common);
    if (finds(failed, document, budget) !== failed.condition.negated) continue;
    const { field, operator } = failed.rule;
    const actual = actualOf(failed.path, document);
    return { kind: 'fail', index, field, operator, actual, isCut: budget.isCut };
  }
  return { kind: 'pass' };
}

/** Whether any node that a rule's path selects satisfies its condition, negated or not, as far as `budget` goes. */
export function finds({ path, condition }: CompiledRule, document: unknown, budget: RuleBudget): boolean {
  return someNode(path, document, budget, (node) => condition.holdsFor(node, budget));
}

function actualOf(path: JsonPath, document: unknown): unknown {
  const nodes: unknown[] = [];
  someNode(path, document, { nodes: MAX_NODES, isCut: false }, (node) => {
    nodes.push(node);
    return nodes.length === MAX_SHOWN_NODES;
  });
  return path.kind === 'singular' || nodes.length === 0 ? nodes[0] : nodes;
}
