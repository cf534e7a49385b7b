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
import { firstIdAt, shardOf } from '../../src/core/ids.ts';
import type { DeliveryQuery, EventQuery, Paging, ReceiptQuery } from '../../src/ports/store.ts';
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

/** A list, for a page of which `reads` rows may be read, in either direction. */
interface Listed {
  list(session: Session, filled: Filled, paging: Paging): Promise<readonly unknown[]>;
  reads: number;
}

function ofEvents(more: (filled: Filled) => Partial<EventQuery>, reads: number): Listed {
  return {
    list: (session, filled, paging) => events(session, { tenant: filled.tenant, ...more(filled), ...paging }),
    reads,
  };
}

function ofDeliveries(more: (filled: Filled) => Partial<DeliveryQuery>, reads: number): Listed {
  return {
    list: (session, filled, paging) => deliveries(session, { tenant: filled.tenant, ...more(filled), ...paging }),
    reads,
  };
}

function ofReceipts(more: (filled: Filled) => Partial<ReceiptQuery>, reads: number): Listed {
  return {
    list: (session, filled, paging) => receipts(session, { tenant: filled.tenant, ...more(filled), ...paging }),
    reads,
  };
}

const LISTED: Readonly<Record<string, Listed>> = {
  events: ofEvents(() => ({}), LIMIT),
  'events of a week': ofEvents(() => ({ sinceMs: Date.now() - 3 * WEEK_MS, untilMs: Date.now() - 2 * WEEK_MS }), LIMIT),
  'events of a small tenant': ofEvents(({ small }) => ({ tenant: small, sinceMs: 1 }), LIMIT),
  'events of a type': ofEvents(() => ({ type: 'type.3' }), SPARSE * LIMIT),
  deliveries: ofDeliveries(() => ({}), 7 * LIMIT),
  'deliveries of a day': ofDeliveries(
    () => ({ untilMs: Date.now() - 9 * DAY_MS, sinceMs: Date.now() - 10 * DAY_MS }),
    7 * LIMIT,
  ),
  'pending deliveries': ofDeliveries(() => ({ status: 'pending' }), 8 * LIMIT),
  'deliveries that succeeded': ofDeliveries(() => ({ status: 'succeeded' }), 9 * LIMIT),
  'deliveries that failed': ofDeliveries(() => ({ status: 'failed_permanent' }), 9 * LIMIT),
  'deliveries not made': ofDeliveries(() => ({ status: 'undelivered' }), 8 * LIMIT),
  'deliveries of a type': ofDeliveries(() => ({ type: 'type.3' }), 2 * SPARSE * LIMIT),
  'deliveries of a subscription': ofDeliveries(({ subscription }) => ({ subscriptionId: subscription }), 8 * LIMIT),
  'pending deliveries of a subscription': ofDeliveries(
    ({ subscription }) => ({ subscriptionId: subscription, status: 'pending' }),
    LIMIT,
  ),
  'failed deliveries of a subscription': ofDeliveries(
    ({ failing }) => ({ subscriptionId: failing, status: 'failed_permanent' }),
    9 * LIMIT,
  ),
  receipts: ofReceipts(() => ({}), 2 * LIMIT),
  'receipts of a source': ofReceipts(({ source }) => ({ sourceId: source }), 2 * LIMIT),
  'receipts of a source that were rejected': ofReceipts(
    ({ rejecting }) => ({ sourceId: rejecting, outcome: 'rejected' }),
    2 * LIMIT,
  ),
  'receipts that were rejected': ofReceipts(() => ({ outcome: 'rejected' }), 2 * SPARSE * LIMIT),
};

/** The first page, the one before the middle of everything, the one after it, and that there is something newer. */
function pagesOf([name, { list, reads }]: readonly [string, Listed]): readonly (readonly [string, Operation])[] {
  const middle = ({ event: at }: Filled) => at(ROWS / 2);
  const pagings: Readonly<Record<string, (filled: Filled) => Promise<Paging>>> = {
    '': async () => ({ limit: LIMIT }),
    ', before one': async (filled) => ({ limit: LIMIT, before: await middle(filled) }),
    ', after one': async (filled) => ({ limit: LIMIT, after: await middle(filled) }),
    ', the next after one': async (filled) => ({ limit: 1, after: await middle(filled) }),
  };
  return Object.entries(pagings).map(([words, pagingOf]) => {
    const run: Operation['run'] = async (session, filled) => list(session, filled, await pagingOf(filled));
    return [`${name}${words}`, { run, reads }];
  });
}

function ofEvent(after: Partial<Paging>): Operation {
  return {
    run: async (session, { tenant, event: at }) =>
      deliveries(session, { tenant, limit: LIMIT, eventId: await at(100), ...after }),
    reads: 10,
  };
}

export const LISTS: Readonly<Record<string, Operation>> = {
  ...Object.fromEntries(Object.entries(LISTED).flatMap(pagesOf)),
  'deliveries of an event': ofEvent({}),
  'deliveries of an event, after one': ofEvent({ after: firstIdAt(0) }),
};

export const LOOKS: Readonly<Record<string, Operation>> = {
  event: { run: async (session, { tenant, event: at }) => event(session, tenant, await at(9)), reads: 1 },
  delivery: { run: async (session, { tenant, delivery: at }) => delivery(session, tenant, await at(9)), reads: 10 },
  attemptsBeforeLast: {
    run: async (session, { delivery: at }) =>
      session.rows('attempts_before_last', { ids: [await at(14), await at(15)] }),
    reads: 6,
  },
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
  pulse: { run: (session) => pulse(session, SHARDS), reads: SHARDS },
};
