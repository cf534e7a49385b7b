/** What the filters of a source say of the facts of one request: what that may take has bounds for all facts together. */
import { type CompiledFilters, type FilterRule, finds } from './filter.ts';
import { budgetOf, type CommonSteps, commonSteps } from './filter-limits.ts';

/** The first rule that says no to a fact. */
export interface Refusal {
  /** Its place in the list, from 0. */
  index: number;
  rule: FilterRule;
  /** Whether it might have found more if it had looked further. */
  isSpent: boolean;
}

type Rule = CompiledFilters['rules'][number];

/** A rule is asked of one fact after another. */
interface Question {
  rule: Rule;
  holds(fact: object): boolean;
  isSpent(): boolean;
}

/** Most facts have a dozen members; more are only seen by a path that selects the same ones again and again. */
const MAX_FACT_NODES = 32;
/** How many times as many characters of all facts a rule may search as of one document. */
const FACTS_CHARACTERS = 8;
/** How many times as many steps all rules may take for that: some 50 ms at worst. */
const FACTS_STEPS = 2;

/**
 * For each fact, as filters see it, the first rule that says no, in the order of the rules; null where none does.
 * @param payload what rules see below `$.body`; undefined where there is none
 */
export function refusalsOf(
  facts: readonly object[],
  payload: unknown,
  { rules }: CompiledFilters,
): readonly (Refusal | null)[] {
  const body = payload === undefined ? {} : { body: payload };
  const common = { inBody: commonSteps(), inFacts: commonSteps(FACTS_STEPS) };
  const questions = rules.map((rule) => questionOf(rule, body, common));
  return facts.map((fact) => {
    const index = questions.findIndex((question) => !question.holds(fact));
    const question = questions[index];
    return question === undefined ? null : { index, rule: question.rule.rule, isSpent: question.isSpent() };
  });
}

/**
 * A path selects what it selects of the fact, and what it selects of the body. That is large and the same for a
 * thousand facts, so it is looked at once.
 */
function questionOf(rule: Rule, body: object, common: Record<'inBody' | 'inFacts', CommonSteps>): Question {
  const inBody = budgetOf(rule, common.inBody);
  const inFacts = budgetOf(rule, common.inFacts);
  inFacts.characters *= FACTS_CHARACTERS;
  inFacts.steps *= FACTS_STEPS;
  const { asksBody, asksFact } = placesOf(rule);
  let found: boolean | null = null;
  const isInBody = () => {
    found ??= finds(rule, body, inBody);
    return found;
  };
  const isInFact = (fact: object) => {
    inFacts.nodes = MAX_FACT_NODES;
    return finds(rule, fact, inFacts);
  };
  return {
    rule,
    holds: (fact) => ((asksFact && isInFact(fact)) || (asksBody && isInBody())) !== rule.condition.negated,
    isSpent: () => inBody.isCut || inFacts.isCut,
  };
}

/** Where a path leads into: the body, the members of the fact, or both. */
function placesOf({ path }: Rule): Record<'asksBody' | 'asksFact', boolean> {
  const [first] = path.kind === 'singular' ? path.steps.slice(0, 1).map((step) => [step]) : path.steps;
  const names = first?.map((step) => (step.kind === 'child' ? step.name : null)) ?? [null];
  const isEvery = first?.some(({ kind }) => kind === 'every') === true;
  return { asksBody: isEvery || names.includes('body'), asksFact: names.some((name) => name !== 'body') };
}
