import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { revising } from '../../../test/store-contract/revisions.ts';
import {
  aClaim,
  aDelivery,
  anEvent,
  aReceipt,
  aRepeat,
  bytes,
  claimed,
  idsOf,
  newId,
  only,
  publishedTo,
  recording,
  retrying,
  subscribed,
  succeeding,
  TENANT,
} from '../../../test/store-contract/samples.ts';
import { PATIENT } from '../../../test/support/postgres-patience.ts';
import { openPostgresProxy, type PostgresProxy } from '../../../test/support/postgres-proxy.ts';
import { type PostgresServer, startPostgres } from '../../../test/support/postgres-server.ts';
import { QUIET_LOG } from '../../../test/support/sqlite.ts';
import type { AppendRequest, Settlement, Store } from '../../ports/store.ts';
import { openPostgresStore } from './store.ts';

/** An answer lost before the COMMIT was made, or after: nobody who waits for it can tell. */
const MOMENTS = ['before', 'after'] as const;

let server: PostgresServer;
let proxy: PostgresProxy;
let store: Store;

before(async () => {
  server = await startPostgres('18', { tcp: true, settings: { synchronous_commit: 'on' } });
  proxy = await openPostgresProxy(server.url);
  ({ store } = await openPostgresStore({ url: proxy.url, log: QUIET_LOG, shards: 1, times: PATIENT }));
});

after(async () => {
  await store.close();
  await proxy.close();
  await server.stop();
});

/** Runs `operation` with its COMMIT cut at that moment; it was cut indeed. */
async function cutAt<T>(moment: (typeof MOMENTS)[number], operation: () => Promise<T>): Promise<T> {
  const cuts = proxy.cuts();
  proxy.cutAtCommit(moment);
  try {
    return await operation();
  } finally {
    assert.equal(proxy.cuts(), cuts + 1);
  }
}

async function appending(): Promise<AppendRequest> {
  const event = anEvent();
  const configVersion = await store.configVersion(TENANT);
  return { event, deliveries: [aDelivery(event, newId())], configVersion, claims: [aClaim(event.id)] };
}

for (const moment of MOMENTS) {
  test(`an append whose COMMIT is cut ${moment} it is made is stored once and hands its ticket over`, async () => {
    const request = await appending();
    const outcome = await cutAt(moment, () => store.append(request));
    assert.ok(outcome.kind === 'appended');
    const { deliveryId } = only(outcome.tickets);
    assert.deepEqual(
      idsOf(await claimed(store)).filter((id) => id === deliveryId),
      [deliveryId],
    );
    assert.deepEqual(await store.append(request), { kind: 'duplicate' });
  });

  test(`a settle whose COMMIT is cut ${moment} it is made is won, with one attempt`, async () => {
    const ways: readonly ((ticket: Parameters<typeof succeeding>[0]) => Settlement)[] = [
      succeeding,
      (ticket) => retrying(ticket, 60_000),
    ];
    for (const settlementOf of ways) {
      const ticket = await publishedTo(store, newId());
      const settlement = settlementOf(ticket);
      const asked = { settlements: [settlement], health: new Map() };
      const outcome = only(await cutAt(moment, () => store.settle(asked)));
      assert.equal(outcome.kind, 'settled');
      assert.equal((await store.attempts(TENANT, ticket.deliveryId)).length, 1);
      assert.deepEqual(only(await store.settle(asked)), { kind: 'lost' });
    }
  });

  test(`a receipt whose COMMIT is cut ${moment} it is made is stored once`, async () => {
    const source = newId();
    const event = anEvent();
    const receipt = recording(aReceipt(source), {
      configVersion: await store.configVersion(TENANT),
      dedupe: { key: 'k', windowMs: null, redeliveryAfterMs: null },
      events: [{ event, deliveries: [aDelivery(event, newId())] }],
    });
    const outcome = await cutAt(moment, () => store.recordReceipt(receipt));
    assert.equal(outcome.kind, 'recorded');
    assert.equal((await store.receipts({ tenant: TENANT, sourceId: source, limit: 10 })).length, 1);
  });

  test(`a revision whose COMMIT is cut ${moment} it is made is made once`, async () => {
    const receipt = aReceipt(newId());
    const configVersion = await store.configVersion(TENANT);
    await store.recordReceipt(recording(receipt, { configVersion }));
    const event = anEvent();
    const claims = [aClaim(event.id)];
    const revision = revising(receipt, { events: [{ event, deliveries: [] }], claims, configVersion });
    assert.equal((await cutAt(moment, () => store.reviseReceipt(revision))).kind, 'revised');
    const stored = await store.receipt(TENANT, receipt.id);
    assert.deepEqual([stored?.receipt.revision, stored?.eventIds], [1, [event.id]]);
    assert.equal((await store.reviseReceipt(revision)).kind, 'repeated');
  });

  test(`a redelivery whose COMMIT is cut ${moment} it is made is made once`, async () => {
    const ticket = await publishedTo(store, newId());
    const delivery = aRepeat(ticket.subscriptionId);
    const redelivery = { tenant: TENANT, delivery, eventId: ticket.eventId, of: null, kind: 'test', by: null } as const;
    const asked = { ...redelivery, claims: [aClaim(delivery.deliveryId)] };
    const outcome = await cutAt(moment, () => store.redeliver(asked));
    assert.equal(outcome.kind, 'appended');
    assert.equal((await store.redeliver(asked)).kind, 'repeated');
    assert.deepEqual(
      idsOf(await claimed(store)).filter((id) => id === delivery.deliveryId),
      [delivery.deliveryId],
    );
  });

  test(`a task settled with a COMMIT cut ${moment} it is made is gone`, async () => {
    const subscription = await subscribed(store);
    await publishedTo(store, subscription);
    const change = { kind: 'delete_subscription', id: subscription, taskId: newId() } as const;
    await store.configure({ tenant: TENANT, change, claims: [] });
    const task = only(await store.claimTasks([0], 10));
    const outcome = await cutAt(moment, () => store.settleTask({ task, deliveries: [], next: { kind: 'done' } }));
    // Which of two settles of one task has won is not kept; what the winner made is found by the next claim.
    assert.equal(outcome.kind, moment === 'after' ? 'lost' : 'settled');
    assert.deepEqual(await store.claimTasks([0], 10), []);
  });

  test(`a change of configuration whose COMMIT is cut ${moment} it is made is said to be unknown`, async () => {
    const versionBefore = await store.configVersion(TENANT);
    const request = await appending();
    const id = newId();
    const change = { kind: 'put_subscription', id, config: bytes('c'), createdBy: null, version: null } as const;
    await assert.rejects(
      cutAt(moment, () => store.configure({ tenant: TENANT, change, claims: [] })),
      { code: 'STORE_UNAVAILABLE' },
    );
    // What was decided on the version before is refused when it was made after all, so no cache goes on with it (A5).
    const configVersion = moment === 'after' ? versionBefore + 1 : versionBefore;
    assert.equal(await store.configVersion(TENANT), configVersion);
    const outcome = await store.append(request);
    assert.deepEqual(
      outcome.kind === 'appended' ? 'appended' : outcome,
      moment === 'after' ? { kind: 'stale', configVersion } : 'appended',
    );
  });
}

test('a settle that is asked for again, after nobody answered for long, is won all the same', async () => {
  const ticket = await publishedTo(store, newId());
  const asked = { settlements: [succeeding(ticket)], health: new Map() };
  proxy.stayAwayAfterCut();
  await assert.rejects(
    cutAt('after', () => store.settle(asked)),
    { code: 'STORE_UNAVAILABLE' },
  );
  proxy.comeBack();
  assert.equal(only(await store.settle(asked)).kind, 'settled');
  assert.deepEqual(only(await store.settle(asked)), { kind: 'lost' });
});
