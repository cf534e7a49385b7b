/** Holding subscriptions back and letting them go: how much of a lane fits, and what a change means for what waits. */
import { isOpen } from '../core/circuit.ts';
import { hasRoom, remove, setCap, waiting } from '../core/fairness.ts';
import type { Id } from '../core/ids.ts';
import { isRecovering, recover, recovered, window } from '../core/pace.ts';
import type { LiveSubscription } from '../flows/configuration.ts';
import { entryOf, limit, pump, pushItem, putBack } from './steps.ts';
import { trafficOf } from './traffic.ts';
import { subscriptionOf, type Turns } from './turns.ts';

/** With this many times the ordinary room taken, even receivers that have nothing to do must wait. */
const MOST_TIMES = 16;

/** How many items of a lane could be queued now; 0 while its subscription is held or has enough to do. */
export function laneRoom(turns: Turns, id: Id): number {
  if (isHeld(turns, id)) return 0;
  const { lineup, limits } = turns;
  const has = waiting(lineup, id);
  const subscription = turns.ports.configuration.peekSubscription(id);
  const cap = subscription?.config?.maxConcurrency ?? 1;
  const traffic = turns.traffic.get(id);
  const wanted = Math.min(Math.ceil(limits.perSubscription / 2), 2 * (traffic ? window(traffic.pace, cap) : cap));
  if (has > wanted / 2 || !hasRoom(lineup, id, 0)) return 0;
  // With many waiting in all, a lane gets what keeps its receiver busy and no more.
  return lineup.queued < limits.spare ? wanted - has : has === 0 ? Math.min(wanted, cap) : 0;
}

/** How many items of a lane may be queued or on their way at once. */
export function mostInMemory({ ports, limits }: Turns, id: Id): number {
  return limits.perSubscription + (ports.configuration.peekSubscription(id)?.config?.maxConcurrency ?? 0);
}

/** Whether so much waits in memory that nothing more is read from the store. */
export function isFull({ lineup, limits }: Turns): boolean {
  const most = (limits.spare + limits.perSubscription) * MOST_TIMES;
  return lineup.queued >= most || lineup.queuedBytes >= limits.maxQueuedBytes * 2;
}

/** Whether nothing of a subscription is to be sent now, but probes. */
export function isHeld(turns: Turns, id: Id): boolean {
  const subscription = turns.ports.configuration.peekSubscription(id);
  if (turns.closed || (subscription !== undefined && subscription.state.kind !== 'active')) return true;
  const traffic = turns.traffic.get(id);
  return traffic !== undefined && isOpen(traffic.circuit);
}

/** Puts back what waits for a subscription that is held now. */
export function putBackWaiting(turns: Turns, id: Id): void {
  for (const item of remove(turns.lineup, id)) {
    const subscription = subscriptionOf(turns, item);
    const entry = entryOf(turns, item, subscription);
    if (entry.kind !== 'in') putBack(turns, item, entry);
    else pushItem(turns, { ...item, probe: entry.probe }, subscription);
  }
}

/** Follows a subscription's configuration: its limits, and what its traffic has come to. */
export function follow(turns: Turns, { id, config }: LiveSubscription): void {
  if (config === null) return;
  const traffic = turns.traffic.get(id);
  if (traffic === undefined) setCap(turns.lineup, id, config.maxConcurrency);
  else limit(turns, id, trafficOf(turns.traffic, id, config), config.maxConcurrency);
  pump(turns);
}

/** A subscription is let go after it was held: what waits for it is begun with slowly. */
export function letGo(turns: Turns, { id, config }: Pick<LiveSubscription, 'id' | 'config'>): void {
  const traffic = trafficOf(turns.traffic, id, config);
  recover(traffic.pace, turns.ports.clock.monotonicMs());
  limit(turns, id, traffic, config?.maxConcurrency ?? 1);
}

/** Nothing of a subscription waits any more: it goes at full pace. */
export function caughtUp(turns: Turns, id: Id): void {
  const traffic = turns.traffic.get(id);
  if (traffic === undefined || !isRecovering(traffic.pace)) return;
  const subscription = turns.ports.configuration.peekSubscription(id);
  recovered(traffic.pace);
  limit(turns, id, traffic, subscription?.config?.maxConcurrency ?? 1);
  pump(turns);
}
