import { type HookEvent, typeMatches } from '../core/event.ts';
import { deliveryIdFor } from '../core/ids.ts';
import { decide, type FilterDocument, filterDocument } from '../core/match.ts';
import type { EventAppend, Hold, NewDelivery, Ports } from '../ports.ts';
import type { LiveConfiguration, LiveSubscription } from './configuration.ts';
import { giveWay } from './give-way.ts';

type TargetPorts = Pick<Ports, 'mac' | 'dispatch'>;

/** An event with a delivery for each subscription that wants it. `data` is the parsed form of the event's bytes. */
export function eventAppend(
  event: HookEvent,
  data: unknown,
  configuration: LiveConfiguration,
  ports: TargetPorts,
): EventAppend {
  const document = filterDocument(event, data);
  const candidates = candidatesFor(configuration, event.type);
  return { event, deliveries: candidates.flatMap((candidate) => deliveriesTo(candidate, event, document, ports)) };
}

/** The same for an event of any size: one for ten thousand subscriptions keeps nobody waiting. */
export function appendFor(
  event: HookEvent,
  data: unknown,
  configuration: LiveConfiguration,
  ports: TargetPorts & Pick<Ports, 'clock'>,
): EventAppend | Promise<EventAppend> {
  const isLarge = candidatesFor(configuration, event.type).length > LARGE;
  return isLarge ? largeEventAppend(event, data, configuration, ports) : eventAppend(event, data, configuration, ports);
}

/** Candidates looked at in one go: a millisecond of deriving ids. */
const STEP = 100;
/** With more candidates than this there are pauses between the steps. */
const LARGE = 500;

/** With pauses between the steps. */
async function largeEventAppend(
  event: HookEvent,
  data: unknown,
  configuration: LiveConfiguration,
  ports: TargetPorts & Pick<Ports, 'clock'>,
): Promise<EventAppend> {
  const document = filterDocument(event, data);
  const candidates = candidatesFor(configuration, event.type);
  const deliveries: NewDelivery[] = [];
  for (let from = 0; from < candidates.length; from += STEP) {
    if (from > 0) await giveWay(ports);
    const some = candidates.slice(from, from + STEP);
    for (const candidate of some) deliveries.push(...deliveriesTo(candidate, event, document, ports));
  }
  return { event, deliveries };
}

/** Types remembered for one version of a configuration. */
const MAX_TYPES = 1000;

/** Subscriptions that ask for a type, found once for each version of the configuration. */
function candidatesFor(configuration: LiveConfiguration, type: string): readonly LiveSubscription[] {
  const { byType } = configuration;
  const known = byType.get(type);
  if (known !== undefined) return known;
  // Who makes up types has everybody's remembered ones forgotten, and no more.
  if (byType.size >= MAX_TYPES) byType.clear();
  const { named, others } = askersOf(configuration);
  const found = [...(named.get(type) ?? []), ...others.filter((other) => asksFor(other, type))];
  byType.set(type, found);
  return found;
}

/** Subscriptions by the types that they name, and those that ask by patterns: only these are looked at for every type. */
interface Askers {
  named: ReadonlyMap<string, readonly LiveSubscription[]>;
  others: readonly LiveSubscription[];
}

const askers = new WeakMap<LiveConfiguration, Askers>();

function askersOf(configuration: LiveConfiguration): Askers {
  const known = askers.get(configuration);
  if (known !== undefined) return known;
  const all = [...configuration.subscriptions.values()];
  const named = new Map<string, LiveSubscription[]>();
  for (const subscription of all) {
    for (const type of typesNamed(subscription) ?? []) {
      const those = named.get(type);
      if (those === undefined) named.set(type, [subscription]);
      else those.push(subscription);
    }
  }
  const found = { named, others: all.filter((subscription) => typesNamed(subscription) === null) };
  askers.set(configuration, found);
  return found;
}

/** null for one that asks by a pattern, for all types, or nobody knows for what. */
function typesNamed({ config }: LiveSubscription): ReadonlySet<string> | null {
  if (config === null || config.events.length === 0) return null;
  return config.events.some((pattern) => pattern.endsWith('*')) ? null : new Set(config.events);
}

function asksFor({ config }: LiveSubscription, type: string): boolean {
  return config === null || typeMatches(config.events, type);
}

function deliveriesTo(
  subscription: LiveSubscription,
  event: HookEvent,
  document: FilterDocument,
  { mac, dispatch }: TargetPorts,
): NewDelivery[] {
  if (decide(subscription, event, document).kind !== 'wanted') return [];
  return [
    {
      deliveryId: deliveryIdFor(event.id, subscription.id, mac.sha256),
      subscriptionId: subscription.id,
      subscriptionVersion: subscription.version,
      delayMs: 0,
      hold: holdOfNew(subscription, event, dispatch),
    },
  ];
}

/** What keeps a new delivery in its subscription's lane: a person, its order, or what waits there before it. */
export function holdOfNew(
  subscription: Pick<LiveSubscription, 'id' | 'state' | 'config'>,
  event: Pick<HookEvent, 'orderingKey'>,
  dispatch: Pick<Ports['dispatch'], 'hold'>,
): Hold | null {
  const key = subscription.config?.ordered === true ? (event.orderingKey ?? '') : '';
  const held = holdOf(subscription);
  if (held !== null) return { ...held, key };
  if (key !== '') return { reason: 'ordered', key };
  const reason = dispatch.hold(subscription.id);
  return reason === null ? null : { reason, key };
}

/** What holds everything of a subscription: that it is paused, or switched off. */
export function holdOf(subscription: Pick<LiveSubscription, 'state'>): Hold | null {
  return subscription.state.kind === 'active' ? null : { reason: subscription.state.kind, key: '' };
}
