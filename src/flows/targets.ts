import { type HookEvent, typeMatches } from '../core/event.ts';
import { stepsAtWorst } from '../core/filter-limits.ts';
import { deliveryIdFor } from '../core/ids.ts';
import { decide, type FilterDocument, filterDocument } from '../core/match.ts';
import type { EventAppend, Hold, NewDelivery, Ports } from '../ports.ts';
import { createBreaks } from './breaks.ts';
import type { LiveConfiguration, LiveSubscription } from './configuration.ts';

type TargetPorts = Pick<Ports, 'mac' | 'dispatch'>;

/** An event with a delivery for each subscription that wants it. `data` is the parsed form of the event's bytes. */
function eventAppend(
  event: HookEvent,
  data: unknown,
  configuration: LiveConfiguration,
  ports: TargetPorts,
): EventAppend {
  const document = filterDocument(event, data);
  const candidates = candidatesFor(configuration, event.type);
  return { event, deliveries: candidates.flatMap((candidate) => deliveriesTo(candidate, event, document, ports)) };
}

/** The same for an event of any size: what takes long has breaks, so that nobody is kept waiting. */
export function appendFor(
  event: HookEvent,
  data: unknown,
  configuration: LiveConfiguration,
  ports: TargetPorts & Pick<Ports, 'clock'>,
): EventAppend | Promise<EventAppend> {
  return isLarge(configuration, event)
    ? largeEventAppend(event, data, configuration, ports)
    : eventAppend(event, data, configuration, ports);
}

export async function largeEventAppend(
  event: HookEvent,
  data: unknown,
  configuration: LiveConfiguration,
  ports: TargetPorts & Pick<Ports, 'clock'>,
): Promise<EventAppend> {
  const document = filterDocument(event, data);
  const due = createBreaks(ports);
  const deliveries: NewDelivery[] = [];
  for (const candidate of candidatesFor(configuration, event.type)) {
    deliveries.push(...deliveriesTo(candidate, event, document, ports));
    const pause = due();
    if (pause !== null) await pause;
  }
  return { event, deliveries };
}

/** With more candidates than this their deliveries are made with breaks: 10 µs each. */
const LARGE = 500;
/** With more to do than this filters are asked with breaks, in steps of about 25 ns. */
const LARGE_STEPS = 200_000;

/** Whether finding the targets of an event may take so long that others have to have their turn meanwhile. */
export function isLarge(configuration: LiveConfiguration, { type, data }: Pick<HookEvent, 'type' | 'data'>): boolean {
  const candidates = candidatesFor(configuration, type);
  if (candidates.length > LARGE) return true;
  let steps = 0;
  for (const { filters } of candidates) steps += stepsAtWorst(filters.rules, data.length);
  return steps > LARGE_STEPS;
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
