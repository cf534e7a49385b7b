/**
 * The store in plain maps, for the simulator and as the measure of the contract. Nothing is durable. Every operation
 * is one synchronous step, which is what makes it a transaction.
 */
import { TRAIL_MS } from '../../core/cursor.ts';
import type { Store } from '../../ports/store.ts';
import * as appends from './append.ts';
import * as claims from './claim.ts';
import * as configuring from './configure.ts';
import { copyOf } from './copy.ts';
import { dropOldClaims, keepClaims, recallClaim } from './idempotency.ts';
import * as keys from './keys.ts';
import * as lanes from './lanes.ts';
import * as leases from './leases.ts';
import * as queries from './queries.ts';
import { recordReceipt } from './receipts.ts';
import { intend, settle } from './settle.ts';
import { healthOf, subscriptionVersion, troubled } from './subscriptions.ts';
import type { Tables } from './tables.ts';
import { createTables } from './tables.ts';
import { claimTasks, settleTask } from './tasks.ts';

/**
 * Makes an empty store.
 * @param options.now engine time in milliseconds
 * @param options.shards number of lease shards, 1 when not given
 */
export function createMemoryStore(options: { now(): number; shards?: number }): Store {
  const tables = createTables(options.shards ?? 1, options.now);
  return {
    shards: tables.shards,
    // It needs none; so the tests of the worker see what it does where several write.
    trailMs: TRAIL_MS,
    neighbours: null,
    ...writing(tables),
    ...configured(tables),
    ...working(tables),
    ...reading(tables),
    maintain: async () => dropOldClaims(tables),
    close: async () => {},
  };
}

type Part<K extends keyof Store> = Pick<Store, K>;

function writing(tables: Tables): Part<'append' | 'redeliver' | 'recordReceipt' | 'recall' | 'remember'> {
  return {
    append: async (request) => appends.append(tables, request),
    redeliver: async (request) => appends.redeliver(tables, request),
    recordReceipt: async (request) => recordReceipt(tables, request),
    recall: async (tenant, scope, key) => {
      const kept = recallClaim(tables, tenant, scope, key);
      return kept === null ? null : copyOf({ bodyHash: kept.bodyHash, answer: kept.answer });
    },
    remember: async (tenant, claim) => keepClaims(tables, tenant, [claim]),
  };
}

function configured(
  tables: Tables,
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
    configure: async (request) => configuring.configure(tables, request),
    configuration: async (tenant) => configuring.configuration(tables, tenant),
    configVersion: async (tenant) => tables.configVersions.get(tenant) ?? 0,
    subscriptionVersion: async (tenant, id, version) => subscriptionVersion(tables, tenant, id, version),
    health: async (tenant, ids) => healthOf(tables, tenant, ids),
    troubled: async (tenant, limit) => troubled(tables, tenant, limit),
    keyByHash: async (hash) => keys.keyByHash(tables, hash),
    keys: async (tenant) => keys.keysOf(tables, tenant),
    touchKeys: async (ids) => keys.touchKeys(tables, ids),
  };
}

function working(
  tables: Tables,
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
    lease: async (owner, shards, ttlMs) => leases.lease(tables, owner, shards, ttlMs),
    renew: async (owner, held, ttlMs) => leases.renew(tables, owner, held, ttlMs),
    release: async (owner, held) => leases.release(tables, owner, held),
    claim: async (cursors, limits) => claims.claim(tables, cursors, limits),
    settle: async (request) => settle(tables, request),
    intend: async (tries) => intend(tables, tries),
    lanes: async (shards) => lanes.lanesOf(tables, shards),
    setLane: async (state) => lanes.setLane(tables, state),
    closeLane: async (subscriptionId, shard) => lanes.closeLane(tables, { subscriptionId, shard }),
    laneRun: async (lane, afterPos, limits) => lanes.laneRun(tables, lane, afterPos, limits),
    laneHeads: async (lane, afterKey, limits) => lanes.laneHeads(tables, lane, afterKey, limits),
    claimTasks: async (shards, limit) => claimTasks(tables, shards, limit),
    settleTask: async (settlement) => settleTask(tables, settlement),
  };
}

function reading(
  tables: Tables,
): Part<
  'events' | 'event' | 'deliveries' | 'delivery' | 'attempts' | 'openTickets' | 'receipts' | 'receipt' | 'pulse'
> {
  return {
    events: async (query) => queries.events(tables, query),
    event: async (tenant, id) => queries.event(tables, tenant, id),
    deliveries: async (query) => queries.deliveries(tables, query),
    delivery: async (tenant, id) => queries.delivery(tables, tenant, id),
    attempts: async (tenant, deliveryId) => queries.attempts(tables, tenant, deliveryId),
    openTickets: async (subscriptionId, limit) => claims.openTickets(tables, subscriptionId, limit),
    receipts: async (query) => queries.receipts(tables, query),
    receipt: async (tenant, id) => queries.receipt(tables, tenant, id),
    pulse: async () => claims.pulse(tables),
  };
}
