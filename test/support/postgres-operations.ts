/** What a node does with PostgreSQL, with the rows that each may read of a schema that is filled. */
import assert from 'node:assert/strict';
import { append } from '../../src/adapters/postgres/append.ts';
import { remember } from '../../src/adapters/postgres/claims.ts';
import type { Session } from '../../src/adapters/postgres/database.ts';
import { laneNews } from '../../src/adapters/postgres/lane-news.ts';
import { claim, closeLane, laneHeads, laneRun, lanes, setLane } from '../../src/adapters/postgres/lanes.ts';
import { maintain } from '../../src/adapters/postgres/maintain.ts';
import { recordReceipts } from '../../src/adapters/postgres/receipts.ts';
import { redeliver } from '../../src/adapters/postgres/redeliver.ts';
import { reviseReceipt } from '../../src/adapters/postgres/revise.ts';
import { intend, settle } from '../../src/adapters/postgres/settle.ts';
import { claimTasks } from '../../src/adapters/postgres/tasks.ts';
import { idAt } from '../../src/core/ids.ts';
import type { NewDelivery, Settlement, Ticket } from '../../src/ports/store.ts';
import { revising } from '../store-contract/revisions.ts';
import {
  aClaim,
  aDelivery,
  aHealth,
  anEvent,
  aReceipt,
  aRepeat,
  bytes,
  FACT,
  newId,
  parking,
  recording,
  retrying,
  succeeding,
} from '../store-contract/samples.ts';

import type { Filled } from './postgres-filled.ts';
import { LISTS, LOOKS, type Operation, ROWS, SHARDS } from './postgres-reads.ts';

const ALL_SHARDS = Array.from({ length: SHARDS }, (_, shard) => shard);
const BATCH = 100;

function newEvent(atMs = Date.now()) {
  return anEvent({ id: idAt(atMs, crypto.getRandomValues(new Uint8Array(16))) });
}

async function appended(session: Session, { tenant, subscription }: Filled, changes: Partial<NewDelivery> = {}) {
  const calls = Array.from({ length: BATCH }, (_, n) => {
    const made = { ...newEvent(), tenant };
    const claims = [aClaim(`${made.id} ${n}`)];
    const request = { event: made, deliveries: [aDelivery(made, subscription, changes)], configVersion: 0, claims };
    return { request, repeated: false };
  });
  const outcomes = await append(session, calls, SHARDS);
  return outcomes.flatMap((outcome) => (outcome.kind === 'appended' ? outcome.tickets : []));
}

async function settled(session: Session, tickets: readonly Ticket[], as: (ticket: Ticket) => Settlement) {
  assert.equal(tickets.length, BATCH);
  const health = new Map(tickets.map(({ subscriptionId }) => [subscriptionId, aHealth()]));
  const request = { settlements: tickets.map(as), health };
  const [outcomes] = await settle(session, [{ request, repeated: false }]);
  assert.ok(outcomes?.every(({ kind }) => kind === 'settled'));
}

const WORK: Readonly<Record<string, Operation>> = {
  append: { run: (session, filled) => appended(session, filled), reads: 2 * BATCH },
  'append into a lane': {
    run: (session, filled) => appended(session, filled, { hold: { reason: 'ordered', key: 'k' } }),
    reads: 2 * BATCH,
  },
  'append of what is there': {
    run: async (session, { tenant, event: at }) => {
      const made = { ...newEvent(), tenant, id: await at(77) };
      const request = { event: made, deliveries: [], configVersion: 0, claims: [] };
      assert.deepEqual(await append(session, [{ request, repeated: false }], SHARDS), [{ kind: 'duplicate' }]);
    },
    reads: 2,
  },
  'claim from the start': {
    run: (session) =>
      claim(
        session,
        ALL_SHARDS.map((shard) => ({ shard, after: null })),
        { tickets: BATCH, bytes: 1e9 },
      ),
    reads: 4 * (BATCH + 1) * SHARDS,
  },
  'claim of what is new': {
    run: (session) => {
      const after = { dueMs: Date.now() - 2000, deliveryId: newId() };
      return claim(
        session,
        ALL_SHARDS.map((shard) => ({ shard, after })),
        { tickets: BATCH, bytes: 1e9 },
      );
    },
    reads: 6 * BATCH,
  },
  'lane news': {
    run: (session) =>
      laneNews(
        session,
        ALL_SHARDS.map((shard) => ({ shard, afterPos: 0 })),
        { tickets: BATCH, bytes: 1e9 },
      ),
    reads: 4 * (BATCH + 1) * SHARDS,
  },
  'ends of lanes': {
    run: (session) =>
      laneNews(
        session,
        ALL_SHARDS.map((shard) => ({ shard, afterPos: null })),
        { tickets: BATCH, bytes: 1e9 },
      ),
    reads: SHARDS,
  },
  'state of a lane': {
    run: async (session, { waiting, waitingShard: shard }) => {
      await setLane(session, { subscriptionId: waiting, shard, reason: 'circuit', probeAtMs: 1 });
      assert.equal(await closeLane(session, waiting, shard), false);
      assert.equal(await closeLane(session, newId(), shard), true);
    },
    reads: 2,
  },
  'run of a lane': {
    run: (session, { waiting, waitingShard }) =>
      laneRun(session, { subscriptionId: waiting, shard: waitingShard, key: '' }, 0, { tickets: BATCH, bytes: 1e9 }),
    reads: 4 * BATCH,
  },
  'heads of lanes': {
    run: (session, { waiting, waitingShard }) =>
      laneHeads(session, { subscriptionId: waiting, shard: waitingShard }, null, { tickets: BATCH, bytes: 1e9 }),
    reads: 4 * BATCH,
  },
  lanes: { run: (session) => lanes(session, ALL_SHARDS), reads: 200 },
  tasks: { run: (session) => claimTasks(session, ALL_SHARDS, 10), reads: 10 * SHARDS },
  'settle as succeeded': {
    run: async (session, filled) => settled(session, await appended(session, filled), succeeding),
    reads: 2 * BATCH,
  },
  'settle as to be tried again': {
    run: async (session, filled) =>
      settled(session, await appended(session, filled), (ticket) => retrying(ticket, 1000)),
    reads: 2 * BATCH,
  },
  'settle as parked': {
    run: async (session, filled) =>
      settled(session, await appended(session, filled), (ticket) => parking(ticket, { reason: 'circuit', key: '' })),
    reads: 2 * BATCH,
  },
  'settle what waited in a lane': {
    run: async (session, filled) => {
      const hold = { reason: 'ordered', key: 'k' } as const;
      await settled(session, await appended(session, filled, { hold }), succeeding);
      await settled(session, await appended(session, filled, { hold }), (ticket) => retrying(ticket, 1000));
    },
    reads: 2 * BATCH,
  },
  'settle again': {
    run: async (session, filled) => {
      const settlements = (await appended(session, filled)).map(succeeding);
      const call = { request: { settlements, health: new Map() }, repeated: true };
      await settle(session, [{ ...call, repeated: false }]);
      const [outcomes] = await settle(session, [call]);
      assert.ok(outcomes?.every(({ kind }) => kind === 'settled'));
    },
    reads: 4 * BATCH,
  },
  intent: { run: (session) => intend(session, [{ deliveryId: newId(), n: 1 }]), reads: 1 },
  redelivery: {
    run: async (session, { tenant, subscription, event: at, delivery: of }) => {
      const again = { tenant, delivery: aRepeat(subscription), eventId: await at(1), of: await of(1), by: null };
      const outcome = await redeliver(session, { ...again, kind: 'redelivery', claims: [] }, SHARDS, false);
      assert.equal(outcome.kind, 'appended');
    },
    reads: 4,
  },
  receipt: {
    run: async (session, { tenant, source }) => {
      const requests = Array.from({ length: BATCH }, () =>
        recording(
          { ...aReceipt(source), tenant, id: newEvent().id },
          {
            facts: [FACT],
            dedupe: { key: newId(), windowMs: null, redeliveryAfterMs: null },
            events: [{ event: { ...newEvent(), tenant }, deliveries: [] }],
          },
        ),
      );
      const again = requests.map((request) => ({ ...request, receipt: { ...request.receipt, id: newEvent().id } }));
      for (const [asked, kind] of [
        [requests, 'recorded'],
        [again, 'duplicate'],
        [requests, 'recorded'],
      ] as const) {
        const outcomes = await recordReceipts(session, asked, SHARDS);
        assert.ok(outcomes.length === BATCH && outcomes.every((outcome) => outcome.kind === kind));
      }
    },
    reads: 4 * BATCH,
  },
  'receipt that is worked through again': {
    run: async (session, { tenant, receipt: at }) => {
      const standing = { ...aReceipt(newId()), tenant, id: await at(9) };
      const dedupe = { key: newId(), windowMs: null, redeliveryAfterMs: null };
      const events = [{ event: { ...newEvent(), tenant }, deliveries: [] }];
      const request = revising(standing, { dedupe, events, claims: [aClaim(newId())] });
      assert.equal((await reviseReceipt(session, request, SHARDS, false)).kind, 'revised');
      const late = { ...request, id: await at(29), claims: [] };
      assert.equal((await reviseReceipt(session, late, SHARDS, false)).kind, 'duplicate');
    },
    reads: 4,
  },
  'receipt that is rejected': {
    run: (session, { tenant, rejecting }) => {
      const rejected = { ...aReceipt(rejecting, { outcome: 'rejected' }), tenant, id: newEvent().id };
      return recordReceipts(session, [recording(rejected, { maxRejected: 20 })], SHARDS);
    },
    // The first one drops what the sample has too much.
    reads: ROWS / 10,
  },
  'an answer is remembered': {
    run: (session, { tenant }) => remember(session, tenant, aClaim(newId(), { answer: bytes('x') })),
    reads: 1,
  },
  maintenance: { run: (session) => maintain(session), reads: 2_000 },
};

/** The hot paths, the looks and the lists, as a node does them. */
export const OPERATIONS: Readonly<Record<string, Operation>> = { ...LOOKS, ...LISTS, ...WORK };
