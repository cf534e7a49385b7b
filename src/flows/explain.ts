/** What would become of an event, subscription by subscription, without publishing it. */
import type { HookEvent } from '../core/event.ts';
import type { Id } from '../core/ids.ts';
import { type Decision, decide, type FilterDocument, filterDocument } from '../core/match.ts';
import type { Hold, Ports } from '../ports.ts';
import { createBreaks } from './breaks.ts';
import type { ConfigurationCache, LiveSubscription } from './configuration.ts';
import { eventOf, type PublishInput } from './publish.ts';
import { holdOfNew } from './targets.ts';

/** What one subscription says to an event. */
export interface Explained {
  subscription: LiveSubscription;
  decision: Decision;
  /** What would keep its delivery waiting; null where nothing would, or where there would be none. */
  hold: Hold | null;
}

export type ExplainPorts = Pick<Ports, 'clock' | 'random' | 'dispatch'> & {
  configuration: Pick<ConfigurationCache, 'current'>;
};

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

function explainOne(
  { dispatch }: Pick<ExplainPorts, 'dispatch'>,
  subscription: LiveSubscription,
  event: HookEvent,
  document: FilterDocument,
): Explained {
  const decision = decide(subscription, event, document);
  const hold = decision.kind === 'wanted' ? holdOfNew(subscription, event, dispatch) : null;
  return { subscription, decision, hold };
}

/** Ids are in the order of their making. */
function byId(one: { id: Id }, other: { id: Id }): number {
  return one.id < other.id ? -1 : 1;
}
