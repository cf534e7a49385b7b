/**
 * What becomes of a receiver that fails, or answers again: its circuit, its being switched off and on, the probes that
 * find out, and what its owner is told.
 */
import { createCircuit, isOpen, laneProbeAtMs, takeLaneProbe } from '../core/circuit.ts';
import { disableRule, isExhausted } from '../core/health.ts';
import { type Id, shardOf } from '../core/ids.ts';
import { isProbedHourly, PROBE_EVERY_MS } from '../core/probe.ts';
import { profiles } from '../core/profile.ts';
import { type Announce, announce } from '../flows/announce.ts';
import type { LiveConfiguration, LiveSubscription } from '../flows/configuration.ts';
import type { PublishPorts } from '../flows/publish.ts';
import { type SwitchPorts, switchOff, switchOn } from '../flows/switch-subscription.ts';
import type { LaneState } from '../ports.ts';
import { createHerald, type Herald } from './herald.ts';
import { caughtUp, follow as followLimits, letGo, putBackWaiting } from './holding.ts';
import type { Item } from './item.ts';
import { touch } from './lane.ts';
import { type Looks, lookAt } from './lane-looks.ts';
import { noteCircuit, noteLane } from './lane-note.ts';
import { openLane } from './lane-takeover.ts';
import { forgetIdle, foundOpen, trafficOf } from './traffic.ts';
import type { Turn } from './tries.ts';
import type { Turns } from './turns.ts';

export interface Receivers {
  readonly turns: Turns;
  readonly looks: Looks;
  readonly herald: Herald;
  readonly ports: ReceiverPorts;
  /** Whether a subscription is the business of this process. Of others nothing is noted, decided or told. */
  isOurs(id: Id): boolean;
  /** Subscriptions being switched now. */
  readonly switching: Set<Id>;
  /** Whether each was held when the configuration was last looked at; only those that matter here. */
  readonly held: Map<Id, LiveSubscription['state']['kind']>;
  /** Of those switched off for their failures: monotonic time before which none is tried again. */
  readonly hourlyAtMs: Map<Id, number>;
}

/**
 * A circuit that could not be probed, because nothing waits in its lane or its tenant is not known yet, is looked at
 * again.
 */
const NOTHING_TO_PROBE_MS = 10_000;

export type ReceiverPorts = PublishPorts & SwitchPorts;

/** Nothing is known of any receiver yet. */
export function createReceivers(
  ports: ReceiverPorts,
  turns: Turns,
  looks: Looks,
  isOurs: Receivers['isOurs'],
): Receivers {
  const tell: Announce = (subscription, news) => announce(ports, subscription, news);
  const herald = createHerald({ ...ports, announce: tell, isOurs }, turns.book);
  return { turns, looks, herald, ports, isOurs, switching: new Set(), held: new Map(), hourlyAtMs: new Map() };
}

/** A try was made: acts on what it says of the receiver. */
export function afterTry(
  receivers: Receivers,
  subscription: LiveSubscription,
  item: Item,
  { tried }: Turn,
  turned: 'opened' | 'closed' | null,
): void {
  if (!receivers.isOurs(subscription.id)) return;
  if (turned === 'opened') opened(receivers, subscription);
  if (turned === 'closed') closed(receivers, subscription);
  if (tried?.judgement.disable === true) switchOver(receivers, subscription, 'gone');
  else if (item.probe && tried?.judgement.delivered === true && isProbedHourly(subscription)) {
    switchOver(receivers, subscription, 'on');
  }
}

/** The streak of a subscription changed: switches it off when it is long enough, and tells its owner. */
export function afterCount(receivers: Receivers, subscription: LiveSubscription): void {
  const { turns, herald, isOurs } = receivers;
  if (!isOurs(subscription.id)) return;
  const rule = subscription.config === null ? null : disableRule(subscription.config);
  const health = turns.book.healthOf(subscription);
  if (rule !== null && subscription.state.kind !== 'disabled' && isExhausted(health, rule, turns.ports.clock.nowMs())) {
    switchOver(receivers, subscription, 'failures');
  }
  herald.look(subscription);
}

/** A lane was found after a takeover: what held it holds it again. */
export function restored(receivers: Receivers, state: LaneState): void {
  const { turns, looks } = receivers;
  const { subscriptionId: id, reason, probeAtMs } = state;
  const nowMs = turns.ports.clock.monotonicMs();
  const subscription = turns.ports.configuration.peekSubscription(id);
  // Held since before this process began: that it is let go is news.
  const kind = subscription?.state.kind ?? 'active';
  if (kind !== 'active') receivers.held.set(id, kind);
  lookAt(looks, id, 'age', nowMs);
  if (reason === 'disabled' && probeAtMs !== null) {
    // The hour goes on where the last owner left it, whenever its subscription was switched off.
    receivers.hourlyAtMs.set(id, nowMs + Math.max(0, probeAtMs - turns.ports.clock.nowMs()));
  }
  if (subscription !== undefined) followState(receivers, subscription);
  if (reason === 'circuit') {
    const traffic = trafficOf(turns.traffic, id, subscription?.config ?? null);
    foundOpen(traffic, turns.ports, probeAtMs);
    lookAt(looks, id, 'probe', laneProbeAtMs(traffic.circuit));
  }
}

/** The configuration of a tenant is another one: queues, lanes, probes and what owners were told follow. */
export function follow(receivers: Receivers, tenant: Id, configuration: LiveConfiguration): void {
  const { turns, isOurs } = receivers;
  turns.book.forgetOthers(tenant, configuration.subscriptions);
  forgetDeleted(receivers);
  followEach(
    receivers,
    configuration.subscriptions
      .values()
      .filter(({ id }) => isOurs(id))
      .toArray(),
  );
}

/** Subscriptions of this process changed, or came with their shards. */
export function followEach(receivers: Receivers, subscriptions: readonly LiveSubscription[]): void {
  const { turns, herald } = receivers;
  for (const subscription of subscriptions) {
    turns.book.follow(subscription);
    followState(receivers, subscription);
    followReceiver(receivers, subscription);
    followLimits(turns, subscription);
  }
  herald.lookAll(subscriptions);
}

/** Forgets what was known of subscriptions whose shards left. */
export function forgetGone({ held, hourlyAtMs }: Receivers, isGone: (id: Id) => boolean): void {
  for (const id of held.keys()) if (isGone(id)) held.delete(id);
  for (const id of hourlyAtMs.keys()) if (isGone(id)) hourlyAtMs.delete(id);
}

function followState(receivers: Receivers, subscription: LiveSubscription): void {
  const { turns, looks, held } = receivers;
  const { id, state } = subscription;
  const before = held.get(id) ?? 'active';
  if (state.kind === 'active') held.delete(id);
  else held.set(id, state.kind);
  if (isProbedHourly(subscription)) lookAt(looks, id, 'hourly', hourlyAt(receivers, subscription));
  else receivers.hourlyAtMs.delete(id);
  if (before === state.kind) {
    // It may have been held before this process knew its tenant.
    if (state.kind === 'active') touch(looks.lanes, id);
    return;
  }
  if (state.kind !== 'active') {
    if (looks.lanes.byId.has(id)) lookAt(looks, id, 'age', turns.ports.clock.monotonicMs());
    putBackWaiting(turns, id);
    return;
  }
  // Whoever enables it says that the receiver is there.
  beginAnew(receivers, subscription);
}

/** Another URL is another receiver, and under a profile that always sends nothing holds back. */
function followReceiver(receivers: Receivers, subscription: LiveSubscription): void {
  const traffic = receivers.turns.traffic.get(subscription.id);
  const { config, state } = subscription;
  if (traffic === undefined || config === null) return;
  const isOther = traffic.url !== null && traffic.url !== config.url;
  if (isOther) traffic.url = config.url;
  else if (profiles[config.profile].hasCircuit || !isOpen(traffic.circuit)) return;
  if (isOpen(traffic.circuit) && state.kind === 'active') beginAnew(receivers, subscription);
  else {
    if (isOpen(traffic.circuit)) noteLane(receivers.turns, subscription.id, 'full', null);
    traffic.circuit = createCircuit();
  }
}

/** Nothing of before is held against the receiver; what waits for it goes on, slowly. */
function beginAnew(receivers: Receivers, subscription: LiveSubscription): void {
  const { turns, looks } = receivers;
  const { id } = subscription;
  const traffic = turns.traffic.get(id);
  if (traffic !== undefined && isOpen(traffic.circuit)) {
    traffic.circuit = createCircuit();
    turns.ports.log.info('circuit.closed', { subscriptionId: id });
    noteLane(turns, id, 'full', null);
  }
  letGo(turns, subscription);
  // Without a lane there is nothing to catch up with.
  if (!looks.lanes.byId.has(id)) caughtUp(turns, id);
  touch(looks.lanes, id);
}

/** What was held of a subscription that was deleted is read, to be cancelled, and its lane closed. */
function forgetDeleted({ turns, looks, held, hourlyAtMs }: Receivers): void {
  for (const id of held.keys()) {
    if (turns.ports.configuration.peekSubscription(id) !== undefined) continue;
    held.delete(id);
    hourlyAtMs.delete(id);
    touch(looks.lanes, id);
  }
}

/** When one that was switched off for its failures may be tried next; the first time an hour after that. */
function hourlyAt({ turns, hourlyAtMs }: Receivers, { id, state }: LiveSubscription): number {
  const known = hourlyAtMs.get(id);
  if (known !== undefined) return known;
  const { clock } = turns.ports;
  const sinceMs = state.kind === 'active' ? clock.nowMs() : state.sinceMs;
  const atMs = clock.monotonicMs() + Math.max(0, sinceMs + PROBE_EVERY_MS - clock.nowMs());
  hourlyAtMs.set(id, atMs);
  return atMs;
}

function opened(receivers: Receivers, { id }: LiveSubscription): void {
  const { turns, looks } = receivers;
  const traffic = turns.traffic.get(id);
  if (traffic === undefined) return;
  turns.ports.log.warn('circuit.opened', { subscriptionId: id });
  turns.ports.metrics.count('circuits_opened_total');
  openLane(looks.lanes, id, shardOf(id, turns.ports.store.shards));
  noteCircuit(turns, id, traffic);
  lookAt(looks, id, 'probe', laneProbeAtMs(traffic.circuit));
  lookAt(looks, id, 'age', turns.ports.clock.monotonicMs());
  putBackWaiting(turns, id);
}

function closed(receivers: Receivers, subscription: LiveSubscription): void {
  const { turns, looks } = receivers;
  turns.ports.log.info('circuit.closed', { subscriptionId: subscription.id });
  noteLane(turns, subscription.id, 'full', null);
  letGo(turns, subscription);
  touch(looks.lanes, subscription.id);
}

/** Whether the oldest delivery of a held lane may go now, to find out. */
export function mayProbe(receivers: Receivers, id: Id, kind: 'probe' | 'hourly'): boolean {
  const { turns, hourlyAtMs } = receivers;
  const nowMs = turns.ports.clock.monotonicMs();
  const subscription = turns.ports.configuration.peekSubscription(id);
  if (subscription === undefined || turns.closed) return false;
  if (kind === 'hourly') {
    if (!isProbedHourly(subscription) || hourlyAt(receivers, subscription) > nowMs) return false;
    hourlyAtMs.set(id, nowMs + PROBE_EVERY_MS);
    noteLane(turns, id, 'disabled', turns.ports.clock.nowMs() + PROBE_EVERY_MS);
    return true;
  }
  const traffic = turns.traffic.get(id);
  return subscription.state.kind === 'active' && traffic !== undefined && isOpen(traffic.circuit)
    ? takeLaneProbe(traffic.circuit, nowMs)
    : false;
}

/** When to look again whether a held lane may be probed; null when there is nothing to find out. */
export function nextLookMs(receivers: Receivers, id: Id, kind: 'probe' | 'hourly'): number | null {
  const { turns } = receivers;
  const nowMs = turns.ports.clock.monotonicMs();
  const subscription = turns.ports.configuration.peekSubscription(id);
  if (kind === 'hourly') {
    if (subscription === undefined || !isProbedHourly(subscription)) return null;
    const atMs = hourlyAt(receivers, subscription);
    return atMs > nowMs ? atMs : nowMs + PROBE_EVERY_MS;
  }
  const traffic = turns.traffic.get(id);
  if (traffic === undefined || !isOpen(traffic.circuit)) return null;
  // Whoever resumes or enables it closes its circuit.
  if (subscription !== undefined && subscription.state.kind !== 'active') return null;
  const atMs = laneProbeAtMs(traffic.circuit);
  return atMs > nowMs ? atMs : nowMs + NOTHING_TO_PROBE_MS;
}

/** Whether a lane has a reason to stay although it holds nothing: its circuit is open. */
export function keepsLane({ turns }: Pick<Receivers, 'turns'>, id: Id): boolean {
  const traffic = turns.traffic.get(id);
  return traffic !== undefined && isOpen(traffic.circuit);
}

/** Forgets the traffic of receivers that nothing was sent to for long. */
export function forget({ turns, looks }: Receivers): void {
  forgetIdle(turns.traffic, turns.ports.clock.monotonicMs(), (id, circuit) => {
    if (!isOpen(circuit)) return false;
    if (turns.ports.configuration.peekSubscription(id) !== undefined) return true;
    // Deleted: nothing closes its circuit any more, and its lane may go.
    touch(looks.lanes, id);
    return false;
  });
}

function switchOver(receivers: Receivers, subscription: LiveSubscription, to: 'on' | 'gone' | 'failures'): void {
  const { switching, ports } = receivers;
  if (switching.has(subscription.id)) return;
  switching.add(subscription.id);
  const done = to === 'on' ? switchOn(ports, subscription) : switchOff(ports, subscription, to);
  done
    .catch((error: unknown) => ports.log.error('subscription.switch_failed', { error }))
    .finally(() => switching.delete(subscription.id));
}
