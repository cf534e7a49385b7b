import type { Condition, FilterOperator, FilterValue } from './filter-operator.ts';
import type { JsonPath } from './json-path.ts';

/** One condition on a document. All rules of a list must hold. */
export interface FilterRule {
  /** JSONPath (`$.data.environment.name`) or dotted path (`data.environment.name`). */
  field: string;
  operator: FilterOperator;
  value: FilterValue;
}

/** What is wrong with a rule, by JSON pointer into the object that holds `filters`. */
export interface FilterError {
  pointer: string;
  message: string;
}

/** A rule that can be evaluated any number of times. */
export interface CompiledRule {
  rule: FilterRule;
  /** Its place in the list, from 0. */
  index: number;
  path: JsonPath;
  condition: Condition;
  /** How much of one document it looks at. */
  limits: RuleLimits;
}

/** A rule before it is known what stands beside it. */
export type UnlimitedRule = Omit<CompiledRule, 'limits'>;

/** What a rule looks at, in document order; it takes the rest as not there. */
export interface RuleLimits {
  /** Nodes that its path visits, where it may select several. */
  nodes: number;
  /** Characters that `matches` and `contains` search, where the rules beside it leave enough steps. */
  characters: number;
  /** Steps of such a search that are its own, whatever the rules beside it take. */
  steps: number;
}
