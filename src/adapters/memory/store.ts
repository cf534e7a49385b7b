/**
 * The store in plain maps, for the simulator and as the measure of the contract. Nothing is durable. Every operation
 * is one synchronous step, which is what makes it a transaction.
 */
import { TRAIL_MS } from '../../core/cursor.ts';
import type { Neighbours, Store } from '../../ports/store.ts';
import * as appends from './append.ts';
import * as claims from './claim.ts';
import * as configuring from './configure.ts';
import { copyOf } from './copy.ts';
import { dropOldClaims, keepClaims, recallClaim } from './idempotency.ts';
import * as keys from './keys.ts';
import * as lanes from './lanes.ts';
import * as leases from './leases.ts';
import * as queries from './queries.ts';
import { dropOldRejected, recordReceipt } from './receipts.ts';
import { reviseReceipt } from './revise.ts';
import { intend, settle } from './settle.ts';
import { healthOf, subscriptionVersion, troubled } from './subscriptions.ts';
import type { Tables } from './tables.ts';
import { createTables } from './tables.ts';
import { claimTasks, settleTask } from './tasks.ts';

/** What a store is made over. */
export interface MemoryOptions {
  /** Engine time in milliseconds. */
  now(): number;
  /** Number of lease shards, 1 when not given. */
  shards?: number;
}

/** Makes an empty store that one process owns. */
export function createMemoryStore({ now, shards = 1 }: MemoryOptions): Store {
  const tables = createTables(shards, now);
  return storeOver(() => tables, { shards, neighbours: null });
}

/** The tables, when they can be reached. Throws when they cannot. */
export type Reach = () => Tables;

/** The store's port over tables that others may share. */
export function storeOver(
  reach: Reach,
  { shards, neighbours }: { shards: number; neighbours: Neighbours | null },
): Store {
  return {
    shards,
    // It needs none; so the tests of the worker see what it does where several write.
    trailMs: TRAIL_MS,
    neighbours,
    ...writing(reach),
    ...configured(reach),
    ...working(reach),
    ...reading(reach),
    maintain: async () => {
      dropOldClaims(reach());
      dropOldRejected(reach());
    },
    close: async () => {},
  };
}

type Part<K extends keyof Store> = Pick<Store, K>;

function writing(
  reach: Reach,
): Part<'append' | 'appendAll' | 'redeliver' | 'recordReceipt' | 'reviseReceipt' | 'recall' | 'remember'> {
  return {
    append: async (request) => appends.append(reach(), request),
    appendAll: async (batch) => appends.appendAll(reach(), batch),
    redeliver: async (request) => appends.redeliver(reach(), request),
    recordReceipt: async (request) => recordReceipt(reach(), request),
    reviseReceipt: async (request) => reviseReceipt(reach(), request),
    recall: async (tenant, scope, key) => {
      const kept = recallClaim(reach(), tenant, scope, key);
      return kept === null ? null : copyOf({ bodyHash: kept.bodyHash, answer: kept.answer });
    },
    remember: async (tenant, claim) => keepClaims(reach(), tenant, [claim]),
  };
}

function configured(
  reach: Reach,
): Part<
  | 'configure'
  | 'configuration'
  | 'configVersion'
  | 'subscriptionVersion'
  | 'health'
  | 'troubled'
  | 'keyByHash'
  | 'keys'
  | 'touchKeys'
> {
  return {
    configure: async (request) => configuring.configure(reach(), request),
    configuration: async (tenant) => configuring.configuration(reach(), tenant),
    configVersion: async (tenant) => reach().configVersions.get(tenant) ?? 0,
    subscriptionVersion: async (tenant, id, version) => subscriptionVersion(reach(), tenant, id, version),
    health: async (tenant, ids) => healthOf(reach(), tenant, ids),
    troubled: async (tenant, limit) => troubled(reach(), tenant, limit),
    keyByHash: async (hash) => keys.keyByHash(reach(), hash),
    keys: async (tenant) => keys.keysOf(reach(), tenant),
    touchKeys: async (ids) => keys.touchKeys(reach(), ids),
  };
}

function working(
  reach: Reach,
): Part<
  | 'lease'
  | 'renew'
  | 'release'
  | 'claim'
  | 'settle'
  | 'intend'
  | 'lanes'
  | 'setLane'
  | 'closeLane'
  | 'laneRun'
  | 'laneHeads'
  | 'claimTasks'
  | 'settleTask'
> {
  return {
    lease: async (owner, shards, ttlMs, limits) => leases.lease(reach(), { owner, shards, ttlMs, ...limits }),
    renew: async (owner, held, ttlMs) => leases.renew(reach(), owner, held, ttlMs),
    release: async (owner, held) => leases.release(reach(), owner, held),
    claim: async (cursors, limits) => claims.claim(reach(), cursors, limits),
    settle: async (request) => settle(reach(), request),
    intend: async (tries) => intend(reach(), tries),
    lanes: async (shards) => lanes.lanesOf(reach(), shards),
    setLane: async (state) => lanes.setLane(reach(), state),
    closeLane: async (subscriptionId, shard) => lanes.closeLane(reach(), { subscriptionId, shard }),
    laneRun: async (lane, afterPos, limits) => lanes.laneRun(reach(), lane, afterPos, limits),
    laneHeads: async (lane, afterKey, limits) => lanes.laneHeads(reach(), lane, afterKey, limits),
    claimTasks: async (shards, limit) => claimTasks(reach(), shards, limit),
    settleTask: async (settlement) => settleTask(reach(), settlement),
  };
}

function reading(
  reach: Reach,
): Part<
  | ('lane' | 'events' | 'event' | 'deliveries' | 'delivery' | 'attempts' | 'openTickets')
  | ('receipts' | 'receipt' | 'heldReceipts' | 'pulse')
> {
  return {
    lane: async (subscriptionId, shard) => lanes.laneOf(reach(), { subscriptionId, shard }),
    events: async (query) => queries.events(reach(), query),
    event: async (tenant, id) => queries.event(reach(), tenant, id),
    deliveries: async (query) => queries.deliveries(reach(), query),
    delivery: async (tenant, id) => queries.delivery(reach(), tenant, id),
    attempts: async (tenant, deliveryId) => queries.attempts(reach(), tenant, deliveryId),
    openTickets: async (subscriptionId, limit) => claims.openTickets(reach(), subscriptionId, limit),
    receipts: async (query) => queries.receipts(reach(), query),
    receipt: async (tenant, id) => queries.receipt(reach(), tenant, id),
    heldReceipts: async (sourceId, limits) => queries.heldReceipts(reach(), sourceId, limits),
    pulse: async () => claims.pulse(reach()),
  };
}
