import assert from 'node:assert/strict';
import type { Settlement } from '../../src/ports/store.ts';
import type { Sentence, StoreUnderTest } from './harness.ts';
import {
  aHealth,
  aTry,
  claimed,
  engineMs,
  giving,
  idsOf,
  laneOf,
  only,
  parking,
  publishedTo,
  reopened,
  retrying,
  settledAs,
  subscribed,
  succeeding,
  TENANT,
  upTo,
} from './samples.ts';

/** S1 to S4. */
export function settles(sentence: Sentence): void {
  winners(sentence);
  losers(sentence);
  attempts(sentence);
  consequences(sentence);
  parkings(sentence);
  crashes(sentence);
  healths(sentence);
}

function settling(under: StoreUnderTest, ...settlements: readonly Settlement[]) {
  return under.store.settle({ settlements, health: new Map() });
}

async function aTicket(under: StoreUnderTest, delayMs = 0) {
  return publishedTo(under.store, await subscribed(under.store), { delayMs });
}

function winners(sentence: Sentence): void {
  sentence('S1 of two settles at once, exactly one wins', async (under) => {
    const ticket = await aTicket(under);
    const outcomes = await Promise.all([settling(under, succeeding(ticket)), settling(under, retrying(ticket, 0))]);
    assert.deepEqual(
      outcomes.map((outcome) => only(outcome).kind),
      ['settled', 'lost'],
    );
    assert.equal((await under.store.attempts(TENANT, ticket.deliveryId)).length, 1);
  });

  sentence('S1 a ticket named twice in one settle is settled once', async (under) => {
    const ticket = await aTicket(under);
    const outcomes = await settling(under, retrying(ticket, 0), succeeding(ticket));
    assert.deepEqual(
      outcomes.map((outcome) => outcome.kind),
      ['settled', 'lost'],
    );
    assert.equal(only((await claimed(under.store)).tickets).n, 1);
  });

  sentence('S1 a settle of nothing settles nothing', async (under) => {
    assert.deepEqual(await settling(under), []);
  });

  sentence('S1 outcomes come in the order of the settlements, won and lost beside each other', async (under) => {
    const [gone, open] = [await aTicket(under), await aTicket(under)];
    await settledAs(under.store, succeeding(gone));
    const outcomes = await settling(under, succeeding(gone), succeeding(open));
    assert.deepEqual(outcomes, [{ kind: 'lost' }, { kind: 'settled', ticket: null }]);
  });
}

function losers(sentence: Sentence): void {
  sentence('S1 a ticket is matched by its exact due time, its place and its tries', async (under) => {
    const ticket = await aTicket(under);
    assert.ok(ticket.place.kind === 'due');
    const wrong = [
      { ...ticket, place: { ...ticket.place, dueMs: ticket.place.dueMs + 1 } },
      { ...ticket, place: { kind: 'lane', shard: 0, key: '', pos: 1, notBeforeMs: 0 } as const },
      { ...ticket, n: 1 },
    ];
    for (const other of wrong) assert.deepEqual(await settling(under, succeeding(other)), [{ kind: 'lost' }]);
    assert.deepEqual(await under.store.attempts(TENANT, ticket.deliveryId), []);
    assert.deepEqual((await claimed(under.store)).tickets, [ticket]);
  });

  sentence('S1 the result of a ticket that was retried meanwhile is lost, terminal or not', async (under) => {
    const ticket = await aTicket(under);
    const retried = await reopened(under.store, retrying(ticket, 0));
    assert.deepEqual(await settling(under, giving(ticket, 'failed_permanent')), [{ kind: 'lost' }]);
    assert.deepEqual((await claimed(under.store)).tickets, [retried]);
  });

  sentence('S1 a closed delivery stays closed', async (under) => {
    const ticket = await aTicket(under);
    await settledAs(under.store, succeeding(ticket));
    const late = [retrying(ticket, 0), parking(ticket, { reason: 'circuit', key: '' }), giving(ticket, 'expired')];
    for (const settlement of late) assert.deepEqual(await settling(under, settlement), [{ kind: 'lost' }]);
    const view = await under.store.delivery(TENANT, ticket.deliveryId);
    assert.deepEqual([view?.open, view?.last?.closes], [null, 'succeeded']);
  });

  sentence('S1 a lane item is matched by its position', async (under) => {
    const ticket = await aTicket(under);
    const parked = await reopened(under.store, parking(ticket, { reason: 'circuit', key: 'k' }));
    assert.ok(parked.place.kind === 'lane');
    const moved = { ...parked, place: { ...parked.place, pos: parked.place.pos + 1 } };
    assert.deepEqual(await settling(under, succeeding(moved), succeeding(ticket)), [
      { kind: 'lost' },
      { kind: 'lost' },
    ]);
    assert.equal(await settledAs(under.store, succeeding(parked)), null);
  });
}

function attempts(sentence: Sentence): void {
  sentence('S2 every try leaves one attempt, as it was settled', async (under) => {
    const first = await aTicket(under);
    const retry = retrying(first, 0);
    const second = await reopened(under.store, retry);
    const close = succeeding(second);
    await settledAs(under.store, close);
    await under.crash();
    const stored = await under.store.attempts(TENANT, first.deliveryId);
    assert.deepEqual(stored, [retry.attempt, close.attempt]);
  });

  sentence('S2 a second attempt of the same number never replaces the first', async (under) => {
    const first = await aTicket(under);
    const second = await reopened(under.store, retrying(first, 0));
    const attempt = aTry(second, { n: 1, statusCode: 299 });
    const again: Settlement = { ticket: second, attempt, next: { kind: 'retry', delayMs: 0 } };
    await settling(under, again).catch(() => []);
    const stored = only(await under.store.attempts(TENANT, first.deliveryId));
    assert.deepEqual([stored.n, stored.statusCode], [1, 503]);
  });

  sentence('S2 an attempt without answer, connection or body is kept as it is', async (under) => {
    const ticket = await aTicket(under);
    const plain = aTry(ticket, {
      sent: false,
      statusCode: null,
      failure: null,
      responseTimeMs: null,
      closes: 'expired',
    });
    const nothing = { phases: null, connection: null, responseHeaders: null, responseBody: null, responseLength: null };
    const attempt = { ...plain, detail: { ...plain.detail, ...nothing } };
    await settledAs(under.store, { ticket, attempt, next: { kind: 'close' } });
    assert.deepEqual(await under.store.attempts(TENANT, ticket.deliveryId), [attempt]);
  });

  sentence('S3 closing without a closing attempt is a bug and writes nothing', async (under) => {
    const ticket = await aTicket(under);
    const open: Settlement = { ticket, attempt: aTry(ticket), next: { kind: 'close' } };
    await assert.rejects(settling(under, open));
    assert.deepEqual((await claimed(under.store)).tickets, [ticket]);
  });
}

function consequences(sentence: Sentence): void {
  sentence('S3 a retry makes a ticket of the next try, after its delay on the engine clock', async (under) => {
    const ticket = await aTicket(under);
    const fromMs = await engineMs(under.store);
    const next = await reopened(under.store, retrying(ticket, 5_000));
    const untilMs = await engineMs(under.store);
    assert.ok(next.place.kind === 'due');
    assert.ok(next.place.dueMs >= fromMs + 5_000 && next.place.dueMs <= untilMs + 5_000);
    assert.deepEqual({ ...next, place: ticket.place }, { ...ticket, n: 1 });
    await under.advance(6_000);
    assert.deepEqual((await claimed(under.store)).tickets, [next]);
  });

  sentence('S3 a retry without a try keeps the number of tries', async (under) => {
    const ticket = await reopened(under.store, retrying(await aTicket(under), 0));
    const next = await reopened(under.store, { ticket, attempt: null, next: { kind: 'retry', delayMs: 0 } });
    assert.equal(next.n, 1);
    assert.equal((await under.store.attempts(TENANT, ticket.deliveryId)).length, 1);
  });

  sentence('S3 each way to close leaves nothing open', async (under) => {
    for (const closes of ['failed_permanent', 'cancelled', 'expired'] as const) {
      const ticket = await aTicket(under);
      assert.equal(await settledAs(under.store, giving(ticket, closes)), null);
      const view = await under.store.delivery(TENANT, ticket.deliveryId);
      assert.deepEqual([view?.open, view?.last?.closes], [null, closes]);
    }
    assert.deepEqual(idsOf(await claimed(under.store)), []);
  });
}

function parkings(sentence: Sentence): void {
  sentence('S3 parking moves a ticket out of the due index into its lane', async (under) => {
    const ticket = await aTicket(under);
    const fromMs = await engineMs(under.store);
    const parked = await reopened(under.store, parking(ticket, { reason: 'full', key: '' }, 5_000));
    assert.ok(parked.place.kind === 'lane');
    assert.ok(parked.place.notBeforeMs >= fromMs + 5_000);
    assert.deepEqual([parked.n, parked.place.key], [0, '']);
    assert.deepEqual(idsOf(await claimed(under.store)), []);
    assert.equal((await laneOf(under.store, ticket.subscriptionId))?.reason, 'full');
  });

  sentence('S3 parking after a try counts it', async (under) => {
    const ticket = await aTicket(under);
    const next = { kind: 'park', hold: { reason: 'circuit', key: '' }, delayMs: 0 } as const;
    const parked = await reopened(under.store, { ticket, attempt: aTry(ticket), next });
    assert.equal(parked.n, 1);
    assert.equal((await under.store.attempts(TENANT, ticket.deliveryId)).length, 1);
  });

  sentence('S3 an unordered lane item goes back into the due index on retry', async (under) => {
    const ticket = await aTicket(under);
    const parked = await reopened(under.store, parking(ticket, { reason: 'circuit', key: '' }));
    const due = await reopened(under.store, { ticket: parked, attempt: null, next: { kind: 'retry', delayMs: 0 } });
    assert.deepEqual((await claimed(under.store)).tickets, [due]);
    const lane = { subscriptionId: ticket.subscriptionId, shard: 0 };
    assert.deepEqual(idsOf(await under.store.laneHeads(lane, null, upTo(10))), []);
  });
}

function crashes(sentence: Sentence): void {
  sentence('S4 a crash before the settle leaves the same try to be made again', async (under) => {
    const ticket = await reopened(under.store, retrying(await aTicket(under), 0));
    await claimed(under.store);
    await under.crash();
    assert.deepEqual((await claimed(under.store)).tickets, [ticket]);
  });

  sentence('S4 a crash after the settle does not', async (under) => {
    const ticket = await aTicket(under);
    await settledAs(under.store, succeeding(ticket));
    await under.crash();
    assert.deepEqual(idsOf(await claimed(under.store)), []);
    assert.deepEqual(await settling(under, succeeding(ticket)), [{ kind: 'lost' }]);
  });

  sentence('S4 intents are counted for each try and survive a crash', async (under) => {
    const [a, b] = [await aTicket(under), await aTicket(under)];
    const first = { deliveryId: a.deliveryId, n: 1 };
    const other = { deliveryId: b.deliveryId, n: 1 };
    assert.deepEqual(await under.store.intend([first]), [1]);
    await under.crash();
    assert.deepEqual(await under.store.intend([other, first]), [1, 2]);
    assert.deepEqual(await under.store.intend([first, { ...first, n: 2 }]), [3, 1]);
  });

  sentence('S4 a settle forgets the intents of its delivery', async (under) => {
    const ticket = await aTicket(under);
    const tried = { deliveryId: ticket.deliveryId, n: 1 };
    await under.store.intend([tried]);
    await settledAs(under.store, retrying(ticket, 0));
    assert.deepEqual(await under.store.intend([tried]), [1]);
  });
}

function healths(sentence: Sentence): void {
  sentence('S1 the health of subscriptions is written with the settle', async (under) => {
    const ticket = await aTicket(under);
    const id = ticket.subscriptionId;
    const failing = aHealth({ consecutiveFailures: 3, firstFailureAtMs: 1, lastFailureAtMs: 9, lastStatusCode: 503 });
    await under.store.settle({ settlements: [retrying(ticket, 0)], health: new Map([[id, failing]]) });
    assert.deepEqual(await under.store.health(TENANT, [id]), new Map([[id, failing]]));
    const well = aHealth({ lastDeliveryAtMs: 12, lastSuccessAtMs: 12, lastStatusCode: 204 });
    await under.store.settle({ settlements: [], health: new Map([[id, well]]) });
    await under.crash();
    assert.deepEqual((await under.store.health(TENANT, [id])).get(id), well);
    assert.deepEqual(only((await under.store.configuration(TENANT)).subscriptions).health, well);
  });
}
