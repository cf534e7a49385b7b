/** What readers ask of PostgreSQL, with the rows that each may read of a schema that is filled. */
import assert from 'node:assert/strict';
import { recall } from '../../src/adapters/postgres/claims.ts';
import { configVersion } from '../../src/adapters/postgres/configuration.ts';
import type { Session } from '../../src/adapters/postgres/database.ts';
import { keyByHash } from '../../src/adapters/postgres/keys.ts';
import { lane } from '../../src/adapters/postgres/lanes.ts';
import { openTickets } from '../../src/adapters/postgres/placing.ts';
import {
  configuration,
  health,
  subscriptionVersion,
  troubled,
} from '../../src/adapters/postgres/query-configuration.ts';
import { deliveries } from '../../src/adapters/postgres/query-deliveries.ts';
import { attempts, delivery, openTicketsOf } from '../../src/adapters/postgres/query-delivery.ts';
import { event, events } from '../../src/adapters/postgres/query-events.ts';
import { pulse } from '../../src/adapters/postgres/query-pulse.ts';
import { heldReceipts, receipt, receipts } from '../../src/adapters/postgres/query-receipts.ts';
import { shardOf } from '../../src/core/ids.ts';
import type { DeliveryQuery } from '../../src/ports/store.ts';
import { sha256 } from '../store-contract/samples.ts';
import type { Filled } from './postgres-filled.ts';

export const ROWS = 30_000;
export const SHARDS = 16;
const LIMIT = 50;
/** How many of twenty deliveries, or more, a walk passes for one that fits. */
const SPARSE = 20;
const DAY_MS = 24 * 3_600_000;
const WEEK_MS = 7 * DAY_MS;

export interface Operation {
  run(session: Session, filled: Filled): Promise<unknown>;
  /** Rows that any of its statements may read, besides some for each partition. */
  reads: number;
}

function listing(more: (filled: Filled) => Omit<DeliveryQuery, 'tenant' | 'limit'>, reads: number): Operation {
  return {
    run: (session, filled) => deliveries(session, { tenant: filled.tenant, limit: LIMIT, ...more(filled) }),
    reads,
  };
}

export const LISTS: Readonly<Record<string, Operation>> = {
  events: { run: (session, { tenant }) => events(session, { tenant, limit: LIMIT }), reads: LIMIT },
  'events before one': {
    run: async (session, { tenant, event: at }) =>
      events(session, { tenant, limit: LIMIT, before: await at(ROWS / 2) }),
    reads: LIMIT,
  },
  'events of a week': {
    run: (session, { tenant }) =>
      events(session, { tenant, limit: LIMIT, sinceMs: Date.now() - 3 * WEEK_MS, untilMs: Date.now() - 2 * WEEK_MS }),
    reads: LIMIT,
  },
  'events of a small tenant': {
    run: (session, { small }) => events(session, { tenant: small, limit: LIMIT, sinceMs: 1 }),
    reads: LIMIT,
  },
  'events of a type': {
    run: (session, { tenant }) => events(session, { tenant, limit: LIMIT, type: 'type.3' }),
    reads: SPARSE * LIMIT,
  },
  deliveries: listing(() => ({}), 7 * LIMIT),
  'deliveries of a day': listing(
    () => ({ untilMs: Date.now() - 9 * DAY_MS, sinceMs: Date.now() - 10 * DAY_MS }),
    7 * LIMIT,
  ),
  'pending deliveries': listing(() => ({ status: 'pending' }), 8 * LIMIT),
  'deliveries that succeeded': listing(() => ({ status: 'succeeded' }), 9 * LIMIT),
  'deliveries that failed': listing(() => ({ status: 'failed_permanent' }), 9 * LIMIT),
  'deliveries not made': listing(() => ({ status: 'undelivered' }), 8 * LIMIT),
  'deliveries of a type': listing(() => ({ type: 'type.3' }), 2 * SPARSE * LIMIT),
  'deliveries of a subscription': listing(({ subscription }) => ({ subscriptionId: subscription }), 8 * LIMIT),
  'pending deliveries of a subscription': listing(
    ({ subscription }) => ({ subscriptionId: subscription, status: 'pending' }),
    LIMIT,
  ),
  'failed deliveries of a subscription': listing(
    ({ failing }) => ({ subscriptionId: failing, status: 'failed_permanent' }),
    9 * LIMIT,
  ),
  'deliveries of an event': {
    run: async (session, { tenant, event: at }) =>
      deliveries(session, { tenant, limit: LIMIT, eventId: await at(100) }),
    reads: 10,
  },
  receipts: { run: (session, { tenant }) => receipts(session, { tenant, limit: LIMIT }), reads: 2 * LIMIT },
  'receipts of a source': {
    run: (session, { tenant, source }) => receipts(session, { tenant, limit: LIMIT, sourceId: source }),
    reads: 2 * LIMIT,
  },
  'receipts of a source that were rejected': {
    run: (session, { tenant, rejecting }) =>
      receipts(session, { tenant, limit: LIMIT, sourceId: rejecting, outcome: 'rejected' }),
    reads: 2 * LIMIT,
  },
  'receipts that were rejected': {
    run: (session, { tenant }) => receipts(session, { tenant, limit: LIMIT, outcome: 'rejected' }),
    reads: 2 * SPARSE * LIMIT,
  },
};

export const LOOKS: Readonly<Record<string, Operation>> = {
  event: { run: async (session, { tenant, event: at }) => event(session, tenant, await at(9)), reads: 1 },
  delivery: { run: async (session, { tenant, delivery: at }) => delivery(session, tenant, await at(9)), reads: 10 },
  attempts: { run: async (session, { tenant, delivery: at }) => attempts(session, tenant, await at(14)), reads: 3 },
  receipt: { run: async (session, { tenant, receipt: at }) => receipt(session, tenant, await at(9)), reads: 2 },
  'receipts that a source holds': {
    run: async (session, { holding }) => {
      const found = await heldReceipts(session, holding, { receipts: LIMIT, bytes: 1e9 });
      assert.equal(found.length, LIMIT);
    },
    reads: 3 * LIMIT,
  },
  'receipts that a source does not hold': {
    run: (session, { source }) => heldReceipts(session, source, { receipts: LIMIT, bytes: 1e9 }),
    reads: 1,
  },
  'open tickets': {
    run: async (session, { delivery: at }) => openTickets(session, [await at(17), await at(18)]),
    reads: 2,
  },
  'open tickets of a subscription': {
    run: (session, { waiting }) => openTicketsOf(session, waiting, 10),
    reads: ROWS / 200,
  },
  'state of a lane': { run: (session, { waiting }) => lane(session, waiting, shardOf(waiting, SHARDS)), reads: 1 },
  configuration: { run: (session, { tenant }) => configuration(session, tenant), reads: 500 },
  'configuration version': { run: (session, { tenant }) => configVersion(session, tenant), reads: 1 },
  'subscription version': {
    run: (session, { tenant, subscription }) => subscriptionVersion(session, tenant, subscription, 1),
    reads: 2,
  },
  health: { run: (session, { tenant, subscription }) => health(session, tenant, [subscription]), reads: 1 },
  troubled: { run: (session, { tenant }) => troubled(session, tenant, LIMIT), reads: LIMIT },
  'key by hash': { run: (session) => keyByHash(session, sha256('x')), reads: 1 },
  'answer under a key': { run: (session, { tenant }) => recall(session, tenant, 'POST /events', 'key 8'), reads: 1 },
  pulse: { run: (session) => pulse(session, SHARDS), reads: 10_000 + SHARDS },
};
