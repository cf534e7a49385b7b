/**
 * What comes with a shard, and what leaves with it: queues, lanes, looks, what is known of receivers, and their health.
 */
import { type Id, shardOf } from '../core/ids.ts';
import type { LiveSubscription } from '../flows/configuration.ts';
import type { Health, Lease } from '../ports.ts';
import { dropWaiting } from './dropping.ts';
import { wakeAll } from './lane-keys.ts';
import { forgetLooks } from './lane-looks.ts';
import { shardsArrived, shardsLeft } from './lane-takeover.ts';
import { feed } from './lanes.ts';
import type { Parts } from './parts.ts';
import * as receivers from './receivers.ts';
import type { Movers } from './tenure.ts';

/** Subscriptions whose health is asked for at once. */
const CHUNK = 1000;

/** What the worker does when its shards come and go. */
export function moversOf(parts: () => Parts): Movers {
  return {
    read: (leases) => readArriving(parts(), leases),
    left: (shards) => left(parts(), shards),
    write: (shards) => writeHealth(parts(), standIn(parts(), shards)),
    forget: (shards) => parts().turns.book.forget(standIn(parts(), shards)),
    sure: () => readAgain(parts()),
    isIdle: (shard) => parts().turns.known.isIdle(shard),
    inFlight: (shard) => parts().turns.known.inFlight(shard),
  };
}

/** After a time in which nothing could be sent: whatever had its turn then was dropped, and is read again. */
export function readAgain({ claims, lanes, rounds }: Parts): void {
  claims.lookAgain();
  wakeAll(lanes);
  rounds.hint(0);
}

/** Hands over health that waits for its regular write; resolves when it is written. */
export async function writeHealth({ turns, leases, ports }: Parts, isWanted: (id: Id) => boolean): Promise<void> {
  const isKept = (id: Id) => isWanted(id) && leases.counts(shardOf(id, ports.store.shards));
  const changed = turns.book.takeChanged(isKept);
  for (const [id, health] of changed) turns.settling.noteHealth(id, health);
  if (changed.size > 0) await turns.settling.healthWritten();
}

function standIn({ ports }: Parts, shards: ReadonlySet<number>): (id: Id) => boolean {
  return (id) => shards.has(shardOf(id, ports.store.shards));
}

async function readArriving(parts: Parts, leases: readonly Lease[]): Promise<(held: readonly Lease[]) => void> {
  const { store } = parts.ports;
  const shards = leases.map(({ shard }) => shard);
  // What is put in from here on is news; what was before stands in the lanes that are read next.
  const ends = await parts.news.ends(shards);
  const subscriptions = subscriptionsIn(parts, new Set(shards));
  // Of a shard that never left, nobody else has counted anything.
  const unknown = subscriptions.filter(({ id }) => !parts.leases.counts(shardOf(id, store.shards)));
  const [states, health] = await Promise.all([store.lanes(shards), healthOf(parts, unknown)]);
  return (held) => {
    const here = new Set(held.map(({ shard }) => shard));
    for (const lease of held) {
      parts.claims.taken(lease);
      parts.news.arrived(lease.shard, ends.get(lease.shard) ?? 0);
    }
    const stands = standIn(parts, here);
    const arrived = subscriptions.filter(({ id }) => stands(id));
    for (const subscription of arrived) {
      const counted = health.get(subscription.id);
      if (counted !== undefined) parts.turns.book.begin(subscription, counted);
    }
    shardsArrived(parts.lanes, held, states);
    receivers.followEach(parts.receivers, arrived);
    feed(parts.lanes);
    parts.rounds.hint(0);
  };
}

function subscriptionsIn(parts: Parts, shards: ReadonlySet<number>): LiveSubscription[] {
  const { configuration } = parts.ports;
  const stands = standIn(parts, shards);
  const known = configuration.tenants().map((tenant) => configuration.peek(tenant)?.subscriptions.values() ?? []);
  return known.flatMap((subscriptions) => [...subscriptions].filter(({ id }) => stands(id)));
}

/** What others have counted meanwhile. */
async function healthOf(
  { ports }: Parts,
  subscriptions: readonly LiveSubscription[],
): Promise<ReadonlyMap<Id, Health>> {
  const health = new Map<Id, Health>();
  for (const [tenant, some] of Map.groupBy(subscriptions, ({ tenant }) => tenant)) {
    for (let from = 0; from < some.length; from += CHUNK) {
      const ids = some.slice(from, from + CHUNK).map(({ id }) => id);
      for (const [id, counted] of await ports.store.health(tenant, ids)) health.set(id, counted);
    }
  }
  return health;
}

function left(parts: Parts, shards: ReadonlySet<number>): void {
  const isGone = standIn(parts, shards);
  parts.claims.left(shards);
  parts.news.left(shards);
  // Before the queues, so that nothing that is dropped from them is looked for.
  shardsLeft(parts.lanes, shards);
  forgetLooks(parts.looks, isGone);
  receivers.forgetGone(parts.receivers, isGone);
  dropWaiting(parts.turns, isGone);
}
