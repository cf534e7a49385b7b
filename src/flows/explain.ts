/** What would become of an event, subscription by subscription, without publishing it, or what became of a stored one. */
import type { HookEvent } from '../core/event.ts';
import { type LookedBack, lookBack } from '../core/hindsight.ts';
import type { Id } from '../core/ids.ts';
import { decide, type FilterDocument, filterDocument } from '../core/match.ts';
import type { Hold, Ports, StoredEvent } from '../ports.ts';
import { createBreaks } from './breaks.ts';
import type { ConfigurationCache, LiveSubscription } from './configuration.ts';
import { eventOf, type PublishInput } from './publish.ts';
import { holdOfNew } from './targets.ts';

/** What one subscription says to an event. */
export interface Explained extends LookedBack {
  subscription: LiveSubscription;
  /** What would keep its delivery waiting; null where nothing would, or where there would be none. */
  hold: Hold | null;
}

export type ExplainPorts = Pick<Ports, 'clock' | 'random' | 'dispatch'> & {
  configuration: Pick<ConfigurationCache, 'current'>;
};

const fromUtf8 = new TextDecoder();

/** Asks every subscription, in the order they were made; nothing is stored. */
export async function explain(ports: ExplainPorts, input: PublishInput): Promise<readonly Explained[]> {
  const event = eventOf(ports, input);
  const { subscriptions } = await ports.configuration.current(input.tenant);
  const document = filterDocument(event, input.value);
  const due = createBreaks(ports);
  const explained: Explained[] = [];
  for (const subscription of [...subscriptions.values()].sort(byId)) {
    const pause = due();
    if (pause !== null) await pause;
    explained.push(explainOne(ports, subscription, event, document));
  }
  return explained;
}

/**
 * Says of a stored event why each subscription got it or not: first of those that did not, in the order they were made.
 * @param most of how many it is said at most
 */
export async function explainStored(
  ports: ExplainPorts,
  { event, configVersion, targets }: StoredEvent,
  most = Number.POSITIVE_INFINITY,
): Promise<{ explained: readonly Explained[]; subscriptions: number }> {
  const { subscriptions, version } = await ports.configuration.current(event.tenant);
  const document = filterDocument(event, JSON.parse(fromUtf8.decode(event.data)));
  const got = new Set(targets.slice().map(({ subscriptionId }) => subscriptionId));
  const all = [...subscriptions.values()].sort(byId);
  const asked = [...all.filter(({ id }) => !got.has(id)), ...all.filter(({ id }) => got.has(id))].slice(0, most);
  const due = createBreaks(ports);
  const explained: Explained[] = [];
  for (const subscription of asked) {
    const pause = due();
    if (pause !== null) await pause;
    const isTarget = got.has(subscription.id);
    const then = { isTarget, isUnchanged: version === configVersion };
    const known = lookBack(subscription, event, document, then);
    const isOpen = known.decision.kind === 'wanted' && !isTarget;
    explained.push({ subscription, ...known, hold: isOpen ? holdOfNew(subscription, event, ports.dispatch) : null });
  }
  return { explained, subscriptions: all.length };
}

function explainOne(
  { dispatch }: Pick<ExplainPorts, 'dispatch'>,
  subscription: LiveSubscription,
  event: HookEvent,
  document: FilterDocument,
): Explained {
  const decision = decide(subscription, event, document);
  const hold = decision.kind === 'wanted' ? holdOfNew(subscription, event, dispatch) : null;
  return { subscription, asOf: 'now', decision, hold };
}

/** Ids are in the order of their making. */
function byId(one: { id: Id }, other: { id: Id }): number {
  return one.id < other.id ? -1 : 1;
}
