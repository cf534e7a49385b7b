/**
 * How much of a document the rules of a list look at. Who saves rules and who publishes may both be hostile, and everybody
 * waits while one document is matched: by these limits a list takes some 40 ms at worst, and an ordinary one microseconds.
 */
import type { SharedSteps } from './filter-operator.ts';
import type { CompiledRule, RuleLimits, UnlimitedRule } from './filter-rule.ts';

/** A rule looks at this many nodes of a document at most, in document order, and takes the rest as not there. */
export const MAX_NODES = 10_000;
/** All rules of a list together; each has an equal share. */
const MAX_NODES_TOGETHER = 50_000;
/** `matches` and `contains` search this many characters of a document in one rule at most: the first ones. */
const MAX_SEARCHED_CHARACTERS = 65_536;
/**
 * What the `matches` of a list take together at worst, and what its `contains` do, in steps of about 25 ns. Measured: 10
 * to 36 ms for the most hostile patterns found, of sizes from 18 to 500.
 */
export const MAX_SEARCH_STEPS = 1_048_576;
/** Of these steps each rule has its own, as many for a character as the others: nobody's long text takes them from it. */
const OWN_STEPS = MAX_SEARCH_STEPS / 4;
/** The others are for whoever needs more, first come, first served: most rules need little of what they may. */
const COMMON_STEPS = MAX_SEARCH_STEPS - OWN_STEPS;
/** What visiting one node takes. */
const STEPS_PER_NODE = 6;
/** What finding the way of a rule into a document takes, and one comparison there. */
const STEPS_PER_RULE = 10;

/** Gives each rule of a list its share. */
export function withLimits(rules: readonly UnlimitedRule[]): CompiledRule[] {
  const walks = rules.filter(({ path }) => path.kind === 'plural').length;
  const nodes = Math.min(MAX_NODES, Math.floor(MAX_NODES_TOGETHER / Math.max(1, walks)));
  return rules.map((rule) => ({ ...rule, limits: { nodes, ...searchLimits(rule, rules) } }));
}

/** Patterns do not take from the `contains` beside them, which may search all and take next to nothing. */
function searchLimits({ rule, condition }: UnlimitedRule, rules: readonly UnlimitedRule[]): Omit<RuleLimits, 'nodes'> {
  const { stepsPerCharacter } = condition;
  if (stepsPerCharacter === 0) return { characters: MAX_SEARCHED_CHARACTERS, steps: 0 };
  const alike = rules.filter((other) => other.rule.operator === rule.operator);
  const sum = alike.reduce((steps, other) => steps + other.condition.stepsPerCharacter, 0);
  const steps = OWN_STEPS * (stepsPerCharacter / sum);
  const most = Math.floor((steps + COMMON_STEPS) / stepsPerCharacter);
  return { characters: Math.min(MAX_SEARCHED_CHARACTERS, most), steps };
}

/** What the rules of a list have in common while they look at one document, by what they do with it. */
export type CommonSteps = Readonly<Record<'contains' | 'matches', SharedSteps>>;

/** All that rules have in common; for several documents, that `times` over. */
export function commonSteps(times = 1): CommonSteps {
  return { contains: { steps: times * COMMON_STEPS }, matches: { steps: times * COMMON_STEPS } };
}

/** What is left of a rule's limits while it looks at one document; counted down in place. */
export interface RuleBudget extends RuleLimits {
  /** What it has in common with the rules beside it. */
  common: SharedSteps;
  /** Whether it had to leave something out. */
  isCut: boolean;
}

/** All that a rule may look at, beside rules that have `common` too. */
export function budgetOf({ limits, rule }: Pick<CompiledRule, 'limits' | 'rule'>, common: CommonSteps): RuleBudget {
  return { ...limits, common: common[rule.operator === 'contains' ? 'contains' : 'matches'], isCut: false };
}

/** What the rules take at worst for a document of `bytes`, in steps of about 25 ns. */
export function stepsAtWorst(rules: readonly CompiledRule[], bytes: number): number {
  let steps = 0;
  const searches = { contains: 0, matches: 0 };
  for (const { condition, path, limits, rule } of rules) {
    const nodes = path.kind === 'plural' ? Math.min(limits.nodes, bytes) : 0;
    steps += STEPS_PER_RULE + nodes * STEPS_PER_NODE;
    const searched = Math.min(limits.characters, bytes) * condition.stepsPerCharacter;
    searches[rule.operator === 'contains' ? 'contains' : 'matches'] += searched;
  }
  return steps + Math.min(searches.contains, MAX_SEARCH_STEPS) + Math.min(searches.matches, MAX_SEARCH_STEPS);
}
