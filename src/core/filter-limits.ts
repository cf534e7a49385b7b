/**
 * How much of a document the rules of a list look at. Who saves rules and who publishes may both be hostile, and everybody
 * waits while one document is matched: by these limits a list takes some 20 ms at worst, and an ordinary one microseconds.
 */
import type { CompiledRule, RuleLimits, UnlimitedRule } from './filter-rule.ts';

/** A rule looks at this many nodes of a document at most, in document order, and takes the rest as not there. */
export const MAX_NODES = 10_000;
/** All rules of a list together; each has an equal share. */
const MAX_NODES_TOGETHER = 50_000;
/** `matches` and `contains` search this many characters of a document in one rule at most: the first ones. */
export const MAX_SEARCHED_CHARACTERS = 65_536;
/**
 * What the `matches` of a list take together at worst, and what its `contains` do, in steps of about 25 ns. Each searches
 * as many characters as the others. Measured: 4 to 9 ms for the most hostile patterns found, of sizes from 18 to 500.
 */
export const MAX_SEARCH_STEPS = 262_144;
/** What visiting one node takes. */
const STEPS_PER_NODE = 6;
/** What finding the way of a rule into a document takes, and one comparison there. */
const STEPS_PER_RULE = 10;

/** Gives each rule of a list its share. */
export function withLimits(rules: readonly UnlimitedRule[]): CompiledRule[] {
  const walks = rules.filter(({ path }) => path.kind === 'plural').length;
  const nodes = Math.min(MAX_NODES, Math.floor(MAX_NODES_TOGETHER / Math.max(1, walks)));
  return rules.map((rule) => ({ ...rule, limits: { nodes, characters: charactersFor(rule, rules) } }));
}

/** Patterns do not take from the `contains` beside them, which may search all and take next to nothing. */
function charactersFor({ rule }: UnlimitedRule, rules: readonly UnlimitedRule[]): number {
  const alike = rules.filter((other) => other.rule.operator === rule.operator);
  const steps = alike.reduce((sum, { condition }) => sum + condition.stepsPerCharacter, 0);
  return Math.min(MAX_SEARCHED_CHARACTERS, Math.floor(MAX_SEARCH_STEPS / Math.max(1, steps)));
}

/** What is left of a rule's limits while it looks at one document; counted down in place. */
export interface RuleBudget extends RuleLimits {
  /** Whether it had to leave something out. */
  isCut: boolean;
}

/** All that a rule may look at. */
export function budgetOf({ limits }: Pick<CompiledRule, 'limits'>): RuleBudget {
  return { ...limits, isCut: false };
}

/** What the rules take at worst for a document of `bytes`, in steps of about 25 ns. */
export function stepsAtWorst(rules: readonly CompiledRule[], bytes: number): number {
  return rules.reduce((sum, { condition, path, limits }) => {
    const characters = Math.min(limits.characters, bytes);
    const nodes = path.kind === 'plural' ? Math.min(limits.nodes, bytes) : 0;
    return sum + STEPS_PER_RULE + nodes * STEPS_PER_NODE + characters * condition.stepsPerCharacter;
  }, 0);
}
