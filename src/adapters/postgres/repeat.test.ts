import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as later } from 'node:timers/promises';
import {
  aClaim,
  aDelivery,
  anEvent,
  aReceipt,
  aRepeat,
  newId,
  parking,
  recording,
  retrying,
  succeeding,
  TENANT,
} from '../../../test/store-contract/samples.ts';
import { testServers } from '../../../test/support/postgres.ts';
import { PATIENT } from '../../../test/support/postgres-patience.ts';
import { MAX_DIRECT_TARGETS } from '../../core/event.ts';
import type { AppendRequest, Settlement, SettleOutcome, Ticket } from '../../ports/store.ts';
import { append } from './append.ts';
import { appendAll } from './append-all.ts';
import { type Database, openDatabase } from './database.ts';
import { install } from './install.ts';
import { openTickets } from './placing.ts';
import { recordReceipts } from './receipts.ts';
import { redeliver } from './redeliver.ts';
import { repeating } from './repeat.ts';
import { TIMES } from './roads.ts';
import { settle } from './settle.ts';

const [server] = testServers();

/** The operations without the store around them: what an answer that got lost looks like to the next try. */
async function withDatabase(prove: (database: Database) => Promise<void>): Promise<void> {
  assert.ok(server);
  const url = await server.schema();
  const database = openDatabase({ url, clockOffsetMs: () => 0, onLost: () => {}, times: PATIENT });
  try {
    await install(database, 1);
    await prove(database);
  } finally {
    await database.close();
    await server.drop(url);
  }
}

async function appending(database: Database, request: AppendRequest, repeated: boolean) {
  const [outcome] = await database.transaction('append', (session) => append(session, [{ request, repeated }], 1));
  return outcome;
}

async function settling(database: Database, settlement: Settlement, repeated: boolean) {
  const request = { settlements: [settlement], health: new Map() };
  const [outcomes] = await database.transaction('settle', (session) => settle(session, [{ request, repeated }]));
  return outcomes?.[0];
}

async function opened(database: Database): Promise<Ticket> {
  const event = anEvent();
  const deliveries = [aDelivery(event, newId())];
  const outcome = await appending(database, { event, deliveries, configVersion: 0, claims: [] }, false);
  assert.ok(outcome?.kind === 'appended' && outcome.tickets[0] !== undefined);
  return outcome.tickets[0];
}

const LOST: SettleOutcome = { kind: 'lost' };

test('an append that was committed before its answer got lost hands over what it made', () =>
  withDatabase(async (database) => {
    const event = anEvent();
    const deliveries = [aDelivery(event, newId()), aDelivery(event, newId(), { hold: { reason: 'paused', key: '' } })];
    const request = { event, deliveries, configVersion: 0, claims: [aClaim('k')] };
    const first = await appending(database, request, false);
    assert.equal(first?.kind === 'appended' && first.tickets.length, 2);
    assert.deepEqual(await appending(database, request, true), first);
    assert.deepEqual(await appending(database, request, false), { kind: 'duplicate' });
  }));

test('an append of a fan-out that was committed before its answer got lost leaves its deliveries to the task', () =>
  withDatabase(async (database) => {
    const event = anEvent();
    const deliveries = Array.from({ length: MAX_DIRECT_TARGETS + 1 }, () => aDelivery(event, newId()));
    const request = { event, deliveries, configVersion: 0, claims: [] };
    for (const repeated of [false, true]) {
      assert.deepEqual(await appending(database, request, repeated), { kind: 'appended', tickets: [] });
    }
  }));

test('a batch that was committed before its answer got lost hands over what it made of each event', () =>
  withDatabase(async (database) => {
    const appends = [1, 2, 0].map((targets) => {
      const event = anEvent();
      const deliveries = Array.from({ length: targets }, () => aDelivery(event, newId()));
      return { event, deliveries, claims: [aClaim(event.id)] };
    });
    const batch = { tenant: TENANT, appends, configVersion: 0, claims: [aClaim('k')] };
    const again = (repeated: boolean) =>
      database.transaction('append', (session) => appendAll(session, batch, 1, repeated));
    const first = await again(false);
    assert.deepEqual(first.kind === 'appended' && first.tickets.map(({ length }) => length), [1, 2, 0]);
    assert.deepEqual(await again(true), first);
    assert.deepEqual(await again(false), { kind: 'duplicate' });
  }));

test('a redelivery and a receipt that were committed before their answers got lost are made once', () =>
  withDatabase(async (database) => {
    const ticket = await opened(database);
    const delivery = aRepeat(ticket.subscriptionId);
    const request = { tenant: TENANT, delivery, eventId: ticket.eventId, of: null, kind: 'test', by: null } as const;
    const asked = { ...request, claims: [aClaim('k')] };
    const again = (repeated: boolean) =>
      database.transaction('append', (session) => redeliver(session, asked, 1, repeated));
    const first = await again(false);
    assert.deepEqual(await again(true), first);
    assert.equal((await again(false)).kind, 'repeated');
    const receipt = recording(aReceipt(newId()), { dedupe: { key: 'k', windowMs: null, redeliveryAfterMs: null } });
    for (let n = 0; n < 2; n++) {
      const outcomes = await database.transaction('append', (session) => recordReceipts(session, [receipt], 1));
      assert.deepEqual(outcomes, [{ kind: 'recorded', handovers: [], redeliveryOf: null }]);
    }
  }));

test('a settle that was committed before its answer got lost is won with the same outcome', () =>
  withDatabase(async (database) => {
    const hold = { reason: 'circuit', key: 'k' } as const;
    const ways = [succeeding, (t: Ticket) => retrying(t, 500), (t: Ticket) => parking(t, hold)];
    for (const settlementOf of ways) {
      const settlement = settlementOf(await opened(database));
      const outcome = await settling(database, settlement, false);
      assert.equal(outcome?.kind, 'settled');
      assert.deepEqual(await settling(database, settlement, true), outcome);
      assert.deepEqual(await settling(database, settlement, false), LOST);
    }
  }));

test('a settle that another one had won stays lost when it is repeated', () =>
  withDatabase(async (database) => {
    const ticket = await opened(database);
    const { attempt, next } = retrying(ticket, 0);
    assert.ok(attempt);
    await settling(database, { ticket, attempt, next }, false);
    const other = { ticket, attempt: { ...attempt, atMs: attempt.atMs + 1 }, next };
    assert.deepEqual(await settling(database, other, true), LOST);
    const closing = succeeding(await opened(database));
    await settling(database, closing, false);
    assert.deepEqual(await settling(database, parking(closing.ticket, { reason: 'full', key: '' }), true), LOST);
  }));

test('of a batch each call is decided after those before it', () =>
  withDatabase(async (database) => {
    const [event, other] = [anEvent(), anEvent()];
    const request = { deliveries: [], configVersion: 0, claims: [] };
    const calls = [
      { ...request, event },
      { ...request, event },
      { ...request, event: other, claims: [aClaim('k')] },
      { ...request, event: anEvent(), claims: [aClaim('k')] },
      { ...request, event: anEvent(), configVersion: 3 },
    ].map((asked) => ({ request: asked, repeated: false }));
    const outcomes = await database.transaction('append', (session) => append(session, calls, 1));
    assert.deepEqual(
      outcomes.map(({ kind }) => kind),
      ['appended', 'duplicate', 'appended', 'repeated', 'stale'],
    );
    assert.deepEqual(await database.use('query', (session) => openTickets(session, [newId()])), []);
  }));

test('only a lost database is asked again, and not for ever', async () => {
  const tried: boolean[] = [];
  const gone = Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
  const asked = repeating(TIMES, async (repeated) => {
    tried.push(repeated);
    throw gone;
  });
  await assert.rejects(asked, { code: 'STORE_UNAVAILABLE' });
  assert.deepEqual(tried, [false, true, true]);
  await assert.rejects(
    repeating(TIMES, () => Promise.reject(new Error('a bug'))),
    /a bug/,
  );
});

test('a database that is away for long is not asked again, and each time only for what is left', async () => {
  const times = { connectMs: 200, operationMs: 400 };
  const left: number[] = [];
  const asked = repeating(times, async (_repeated, withinMs) => {
    left.push(withinMs);
    await later(times.operationMs);
    throw Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
  });
  await assert.rejects(asked, { code: 'STORE_UNAVAILABLE' });
  assert.equal(left.length, 1);
  assert.ok(left.every((withinMs) => withinMs <= times.operationMs));
});
