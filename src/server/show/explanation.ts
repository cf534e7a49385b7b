import type { RuleLimits } from '../../core/filter-rule.ts';
import type { Hindsight } from '../../core/hindsight.ts';
import type { Explained } from '../../flows/explain.ts';
import { showHold } from './held.ts';

/** The first rule that says no, in words. */
const REASONS: Readonly<Record<Exclude<Hindsight['kind'], 'wanted' | 'filter'>, string>> = {
  itself: 'The event is about this subscription itself.',
  disabled: 'It is switched off; `disabledReason` says why.',
  secret_unavailable: 'Its configuration cannot be read: the sealing key is missing.',
  type: 'None of its `events` names this type.',
  owner: 'Its `owner` is not on the path of the owner of the event.',
  made_later: 'It was made after this event was accepted.',
  sample: 'The event was a sample, sent to the subscription under test alone.',
};

/** What one subscription says to an event, as the API shows it. */
export function showExplained({ subscription: { id, config, filters }, asOf, decision, hold }: Explained) {
  const named = { subscriptionId: id, name: config?.name ?? null, asOf };
  if (decision.kind === 'wanted') {
    const held = { heldReason: hold?.reason ?? null, ...showHold(hold?.reason ?? null) };
    return { ...named, receives: true, rule: null, reason: null, ...held };
  }
  if (decision.kind !== 'filter') {
    return { ...named, receives: false, rule: decision.kind, reason: REASONS[decision.kind] };
  }
  const { index, actual } = decision;
  const { rule: said, limits } = filters.rules[index] ?? {};
  const cut = decision.isCut && limits !== undefined ? `. ${cutWords(limits)}` : null;
  const why = cut ?? (actual === undefined ? ': nothing stands there.' : '.');
  const reason = `Filter ${index} (${said?.field} ${said?.operator}) does not hold${why}`;
  // JSON has no word for a path that selects nothing: `found` has it.
  const filter = { index, ...said, found: actual !== undefined, ...(actual === undefined ? {} : { actual }) };
  return { ...named, receives: false, rule: decision.kind, reason, filter };
}

/** Why a rule may not have found what is there. */
function cutWords({ characters, nodes }: RuleLimits): string {
  const looked = `it looks at the first ${characters} characters and ${nodes} values at most`;
  return `What stands there is too long for this filter: ${looked}, at fewer beside filters that search much.`;
}
