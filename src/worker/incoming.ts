/** What comes to the worker from outside, and what becomes of an item that leaves its memory. */
import { ageMs } from '../flows/deliver.ts';
import type { Handover, Hint, Recall, Settlement, SettleOutcome, Ticket } from '../ports.ts';
import type { Item } from './item.ts';
import { touch } from './lane.ts';
import { withdrawn } from './lane-keys.ts';
import { lookAt } from './lane-looks.ts';
import { feed, goneFromReadings, isWaiting, left as laneLeft, parked } from './lanes.ts';
import type { Parts } from './parts.ts';
import * as receivers from './receivers.ts';
import { enqueue, settleUnqueued, withdraw as withdrawItem } from './steps.ts';
import { decideTurn } from './turn-decision.ts';
import { subscriptionOf } from './turns.ts';

/** Takes what was appended here; what is not for this process stays in the store. */
export function offer(parts: Parts, { event, tickets }: Handover): void {
  const { leases, lately } = parts;
  for (const ticket of tickets) {
    if (lately.has(ticket.deliveryId)) continue;
    const { kind, shard } = ticket.place;
    // A claim finds what is due. Nobody reads a lane again that was not told of.
    if (kind === 'lane' && leases.isOurs(shard)) noteParked(parts, { ticket, event }, isAlone(parts));
    const isDue = kind === 'due' && leases.safe(shard);
    if (isDue) enqueue(parts.turns, { ticket, event, mayRepeat: false, probe: false });
  }
}

/** Whether what is put into lanes is handed over in the order of its positions: nobody else puts anything there. */
function isAlone({ ports }: Parts): boolean {
  return ports.store.neighbours === null;
}

/**
 * Something was put into a lane: it is drained when it may be, and looked at before it is too old.
 * @param isInOrder whether everything that was put into lanes of its shard before it is known of
 */
export function noteParked(parts: Parts, item: Pick<Item, 'ticket' | 'event'>, isInOrder: boolean): void {
  const { lanes, looks, ports } = parts;
  const { subscriptionId: id } = item.ticket;
  parked(lanes, item, isInOrder);
  const inMs = leftMs(parts, { ...item, mayRepeat: false, probe: false });
  if (inMs !== null) lookAt(looks, id, 'age', ports.clock.monotonicMs() + inMs);
  feed(lanes);
}

/** Keeps a delivery that waits for its turn from being sent, while somebody closes it. */
export function recall({ turns, leases }: Parts, { deliveryId, place }: Pick<Ticket, 'deliveryId' | 'place'>): Recall {
  if (!leases.safe(place.shard)) return 'unknown';
  if (turns.known.hasBegun(deliveryId)) return 'under_way';
  // It may be on its way here from the store.
  if (!turns.known.has(deliveryId)) return 'unknown';
  withdrawItem(turns, deliveryId);
  return 'kept_back';
}

/** Notes that a delivery was closed by somebody else. */
export function withdraw({ turns, lanes, claims, news }: Parts, deliveryId: string): void {
  withdrawItem(turns, deliveryId);
  // What began to be read before must not bring it back.
  claims.settled(deliveryId, null);
  news.settled(deliveryId);
  goneFromReadings(lanes, deliveryId);
  withdrawn(lanes, deliveryId);
}

/** What keeps new deliveries of a subscription in its lane, as far as this process knows. */
export function holdOf({ lanes, turns }: Parts, id: string): 'circuit' | 'full' | null {
  if (receivers.keepsLane({ turns }, id)) return 'circuit';
  return isWaiting(lanes, id) ? 'full' : null;
}

/** The configuration of a tenant is another one: queues, lanes and receivers follow. */
export function configurationChanged(parts: Parts, tenant: string): void {
  const { ports, lanes, rounds } = parts;
  const configuration = ports.configuration.peek(tenant);
  if (configuration !== undefined) receivers.follow(parts.receivers, tenant, configuration);
  feed(lanes);
  // A deletion leaves a task behind.
  parts.tasksAtMs = 0;
  rounds.hint(0);
}

/** What another process says. It has no part in what concerns shards that are not held here. */
export function hear(parts: Parts, hint: Hint): void {
  switch (hint.kind) {
    case 'work':
      for (const shard of hint.shards) if (parts.leases.isOurs(shard)) parts.hinted.add(shard);
      if (parts.hinted.size > 0) parts.rounds.hint(0, 'part');
      parts.leases.hint(hint.shards);
      break;
    case 'closed':
      for (const deliveryId of hint.deliveryIds) withdraw(parts, deliveryId);
      break;
    case 'configuration':
      // Whoever reads it anew calls `configurationChanged`.
      break;
  }
}

/** Milliseconds an item has left before it is too old; null while its subscription is paused or unknown. */
export function leftMs({ ports, turns }: Parts, item: Item): number | null {
  const { ticket, event } = item;
  const subscription = subscriptionOf(turns, item);
  if (subscription === undefined || subscription.config === null || subscription.state.kind === 'paused') return null;
  const age = ageMs({ ticket, event, subscription }, ports.clock.nowMs());
  return subscription.config.retry.maxAgeSeconds * 1000 - age + 1;
}

/** Closes an item that is too old. */
export function expire({ ports, turns }: Parts, item: Item): void {
  const decision = decideTurn(item, subscriptionOf(turns, item), ports.clock.nowMs());
  if (decision.kind === 'settle') settleUnqueued(turns, item, decision.settlement);
}

/** An item left memory: its lane, and what waits behind it, may go on. */
export function seeOff(parts: Parts, item: Item, settlement: Settlement | null, outcome: SettleOutcome | null): void {
  const { claims, news, lately, lanes, leases, rounds } = parts;
  const { ticket, event } = item;
  const { deliveryId, subscriptionId, place } = ticket;
  claims.settled(deliveryId, outcome?.kind === 'settled' ? outcome.ticket : null);
  news.settled(deliveryId);
  if (outcome !== null && ticket.n === 0) lately.add(deliveryId);
  // What follows it is sent by whoever has its shard now.
  if (!leases.isOurs(place.shard)) return;
  const delayMs = settlement?.next.kind === 'retry' ? settlement.next.delayMs : null;
  if (place.kind === 'lane') laneLeft(lanes, item, outcome, delayMs);
  else if (outcome?.kind === 'settled' && outcome.ticket?.place.kind === 'lane') {
    noteParked(parts, { ticket: outcome.ticket, event }, isAlone(parts));
  }
  if (delayMs !== null) rounds.hint(delayMs);
  // Its place in the queue is free: what its lane holds may follow.
  touch(lanes, subscriptionId);
  feed(lanes);
}
