/** Ties the parts of a worker together. */
import type { LineupLimits } from '../core/fairness.ts';
import { type Id, idAt, shardOf } from '../core/ids.ts';
import type { Dispatch, Tickets } from '../ports.ts';
import { createClaims } from './claims.ts';
import { caughtUp, isFull, isHeld, laneRoom, mostInMemory } from './holding.ts';
import {
  configurationChanged,
  expire,
  holdOf,
  leftMs,
  noteParked,
  offer,
  recall,
  seeOff,
  withdraw,
} from './incoming.ts';
import type { Item } from './item.ts';
import type { Lanes } from './lane.ts';
import { createLooks } from './lane-looks.ts';
import { createNews } from './lane-news.ts';
import { createLanes, leaseTaken } from './lanes.ts';
import { createLately, NEVER_LATE } from './lately.ts';
import { createLeases, type Leases } from './leases.ts';
import { moversOf, readAgain } from './moving.ts';
import type { Parts } from './parts.ts';
import * as receivers from './receivers.ts';
import { createRounds } from './rounds.ts';
import { createSharedLeases } from './shared-leases.ts';
import { enqueue } from './steps.ts';
import { telling } from './telling.ts';
import { createTurns, type Turns, type WorkerPorts } from './turns.ts';

/**
 * Makes the parts of a worker. Nothing of them runs yet.
 * @param round does one round, of all shards or of those hinted at, and says whether there is more to do at once
 */
export function assemble(
  ports: WorkerPorts,
  { limits }: { limits: LineupLimits },
  round: (parts: Parts, isWhole: boolean) => Promise<boolean>,
): Parts {
  // Each part asks for the others only once it runs.
  const all = (): Parts => parts;
  const dispatch = dispatchTo(all);
  const { neighbours, shards } = ports.store;
  const told = neighbours === null ? dispatch : telling(dispatch, neighbours, (shard) => parts.leases.isOurs(shard));
  const turns = turnsOf(ports, limits, all);
  const known = (deliveryId: string) => turns.known.has(deliveryId);
  const ready = (read: Tickets) => configured(parts, read);
  const lanes = lanesOf(turns, ready, all);
  const isOurs = (id: string) => parts.leases.isOurs(shardOf(id, shards));
  const looks = createLooks(lanes, {
    isOurs,
    mayProbe: (id, kind) => receivers.mayProbe(parts.receivers, id, kind),
    nextMs: (id, kind) => receivers.nextLookMs(parts.receivers, id, kind),
    leftMs: (item) => leftMs(parts, item),
    accept: (item) => enqueue(turns, item),
    expire: (item) => expire(parts, item),
  });
  const parts: Parts = {
    ports,
    turns,
    claims: createClaims(ports, known, (item: Item) => enqueue(turns, item), ready),
    news: createNews(ports, {
      known: (deliveryId) => known(deliveryId) || lanes.resting.has(deliveryId),
      // They come in the order of their positions.
      accept: (item) => noteParked(parts, item, true),
      ready,
    }),
    lately: neighbours === null ? NEVER_LATE : createLately(ports),
    lanes,
    looks,
    receivers: receivers.createReceivers({ ...ports, dispatch: told }, turns, looks, isOurs),
    leases: leasesOf(ports, all),
    rounds: createRounds(ports, (isWhole) => round(parts, isWhole)),
    dispatch,
    told,
    hinted: new Set(),
    lastBeatMs: null,
    tasks: null,
    tasksAtMs: 0,
    healthAtMs: 0,
  };
  return parts;
}

function dispatchTo(parts: () => Parts): Dispatch {
  return {
    offer: (handover) => offer(parts(), handover),
    withdraw: (deliveryId) => withdraw(parts(), deliveryId),
    recall: (ticket) => recall(parts(), ticket),
    hold: (id) => holdOf(parts(), id),
    configurationChanged: (tenant) => configurationChanged(parts(), tenant),
  };
}

function turnsOf(ports: WorkerPorts, limits: LineupLimits, parts: () => Parts): Turns {
  return createTurns(ports, limits, {
    safe: (shard) => parts().leases.safe(shard),
    isOurs: (shard) => parts().leases.isOurs(shard),
    counts: (shard) => parts().leases.counts(shard),
    tried: (subscription, item, turn, turned) =>
      receivers.afterTry(parts().receivers, subscription, item, turn, turned),
    counted: (subscription) => receivers.afterCount(parts().receivers, subscription),
    left: (item, settlement, outcome) => seeOff(parts(), item, settlement, outcome),
  });
}

function lanesOf(turns: Turns, ready: (read: Tickets) => Promise<void>, parts: () => Parts): Lanes {
  return createLanes(turns.ports, {
    room: (id) => laneRoom(turns, id),
    mostInMemory: (id) => mostInMemory(turns, id),
    safe: (shard) => parts().leases.safe(shard),
    during: (shard, writing) => turns.known.during(shard, writing),
    isHeld: (id) => isHeld(turns, id),
    full: () => isFull(turns),
    known: (deliveryId) => turns.known.has(deliveryId),
    accept: (item) => enqueue(turns, item),
    ready,
    emptied: (id) => caughtUp(turns, id),
    keeps: (id) => receivers.keepsLane({ turns }, id),
    restored: (state) => receivers.restored(parts().receivers, state),
  });
}

function leasesOf(ports: WorkerPorts, parts: () => Parts): Leases {
  const owner = idAt(ports.clock.nowMs(), ports.random.bytes(16));
  const { neighbours } = ports.store;
  if (neighbours !== null) return createSharedLeases(ports, neighbours, owner, moversOf(parts));
  return createLeases(ports, owner, {
    taken(lease) {
      parts().claims.taken(lease);
      leaseTaken(parts().lanes, lease);
    },
    sure: () => readAgain(parts()),
  });
}

/**
 * The worker looks up subscriptions without waiting, so their tenants' configuration is read before. One that is not in
 * it was deleted, or made by another process a moment ago: which of the two must be known before its turn comes.
 */
async function configured(parts: Parts, { tickets, events }: Tickets): Promise<void> {
  const { configuration } = parts.ports;
  const tenants = new Set<Id>();
  for (const { eventId, subscriptionId } of tickets) {
    const tenant = events.get(eventId)?.tenant;
    if (tenant !== undefined && !configuration.peek(tenant)?.subscriptions.has(subscriptionId)) tenants.add(tenant);
  }
  const load = async (tenant: Id) => {
    const before = configuration.peek(tenant);
    const current = await configuration.current(tenant);
    if (current !== before) receivers.follow(parts.receivers, tenant, current);
  };
  await Promise.all([...tenants].map(load));
}
