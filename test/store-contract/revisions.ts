import assert from 'node:assert/strict';
import type { Receipt } from '../../src/core/receipt.ts';
import type { ReceiptRevision, RevisionOutcome, Store } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import {
  aClaim,
  aDelivery,
  anEvent,
  aReceipt,
  bytes,
  claimed,
  FACT,
  laneOf,
  newId,
  OTHER_TENANT,
  only,
  recording,
  settledAs,
  sha256,
  subscribed,
  succeeding,
  TENANT,
} from './samples.ts';

/** T1, of receipts that are worked through again. */
export function revisions(sentence: Sentence): void {
  changes(sentence);
  effects(sentence);
  refusals(sentence);
  races(sentence);
}

/** A revision of a receipt as it stands: processed, with one fact. */
export function revising(of: Receipt, more: Partial<ReceiptRevision> = {}): ReceiptRevision {
  return {
    tenant: of.tenant,
    id: of.id,
    revision: of.revision,
    verdict: { ok: true, scheme: 'token', reason: 'accepted' },
    outcome: 'processed',
    reason: 'worked through again',
    facts: [FACT],
    events: [],
    dedupe: null,
    replay: null,
    configVersion: 0,
    claims: [],
    ...more,
  };
}

/** What a revision of `of` leaves of it. */
export function revised(of: Receipt, { verdict, outcome, reason }: ReceiptRevision): Receipt {
  return { ...of, verdict, outcome, reason, proof: null, revision: of.revision + 1 };
}

async function recorded(store: Store, changes: Partial<Receipt> = {}): Promise<Receipt> {
  const receipt = aReceipt(newId(), changes);
  await store.recordReceipt(recording(receipt, { configVersion: await store.configVersion(TENANT) }));
  return receipt;
}

export const MADE: RevisionOutcome = { kind: 'revised', handovers: [] };

/** Nothing of a receipt changed, nor anything beside it. */
async function untouched(store: Store, receipt: Receipt): Promise<void> {
  assert.deepEqual(await store.receipt(TENANT, receipt.id), { receipt, facts: [], eventIds: [] });
  assert.deepEqual(await store.events({ tenant: TENANT, limit: 10 }), []);
}

function changes(sentence: Sentence): void {
  sentence('T1 a revision puts verdict, outcome, reason and facts in the place of those stored', async (under) => {
    const receipt = aReceipt(newId(), { outcome: 'held', remoteAddress: '192.0.2.7', redeliveryOf: newId() });
    await under.store.recordReceipt(recording(receipt, { facts: [FACT, FACT, FACT] }));
    const other = { ...FACT, provenance: { tag: '/elsewhere' } };
    const request = revising(receipt, { facts: [other], outcome: 'ignored' });
    assert.deepEqual(await under.store.reviseReceipt(request), MADE);
    await under.crash();
    const stored = await under.store.receipt(TENANT, receipt.id);
    assert.deepEqual(stored, { receipt: revised(receipt, request), facts: [other], eventIds: [] });
    const listed = await under.store.receipts({ tenant: TENANT, limit: 10 });
    assert.deepEqual(only(listed), stored);
    assert.deepEqual(await under.store.heldReceipts(receipt.sourceId, { receipts: 10, bytes: 1e9 }), []);
  });

  sentence('T1 a revision whose receipt says nothing leaves no facts', async (under) => {
    const receipt = aReceipt(newId());
    await under.store.recordReceipt(recording(receipt, { facts: [FACT] }));
    await under.store.reviseReceipt(revising(receipt, { facts: [], reason: null }));
    const stored = await under.store.receipt(TENANT, receipt.id);
    assert.deepEqual([stored?.facts, stored?.receipt.reason], [[], null]);
  });

  sentence('T1 a receipt that stays held by its revision is still held', async (under) => {
    const receipt = await recorded(under.store, { outcome: 'held' });
    await under.store.reviseReceipt(revising(receipt, { outcome: 'held' }));
    const held = await under.store.heldReceipts(receipt.sourceId, { receipts: 10, bytes: 1e9 });
    assert.deepEqual([only(held).receipt.id, only(held).receipt.revision], [receipt.id, 1]);
  });
}

function effects(sentence: Sentence): void {
  sentence('T1 the events of a revision come to those before, and hand over their tickets', async (under) => {
    const [hook, paused] = [await subscribed(under.store), await subscribed(under.store)];
    const receipt = aReceipt(newId());
    const first = { event: anEvent(), deliveries: [] };
    await under.store.recordReceipt(recording(receipt, { events: [first], configVersion: 2 }));
    const event = anEvent();
    const hold = { reason: 'paused', key: '' } as const;
    const deliveries = [aDelivery(event, hook), aDelivery(event, paused, { hold })];
    const events = [{ event, deliveries }];
    const outcome = await under.store.reviseReceipt(revising(receipt, { events, configVersion: 2 }));
    await under.crash();
    assert.ok(outcome.kind === 'revised');
    const [ticket, parked] = only(outcome.handovers).tickets;
    assert.deepEqual(only(outcome.handovers).event, event);
    assert.deepEqual((await claimed(under.store)).tickets, [ticket]);
    assert.deepEqual([parked?.subscriptionId, (await laneOf(under.store, paused))?.reason], [paused, 'paused']);
    assert.deepEqual((await under.store.receipt(TENANT, receipt.id))?.eventIds, [first.event.id, event.id]);
    assert.deepEqual((await under.store.event(TENANT, event.id))?.configVersion, 2);
    assert.ok(ticket);
    assert.equal(await settledAs(under.store, succeeding(ticket)), null);
  });

  sentence('T1 an event that was stored before is named once and hands nothing over', async (under) => {
    const receipt = aReceipt(newId());
    const [kept, fresh] = [anEvent(), anEvent()].map((event) => ({ event, deliveries: [] }));
    assert.ok(kept && fresh);
    await under.store.recordReceipt(recording(receipt, { events: [kept] }));
    const outcome = await under.store.reviseReceipt(revising(receipt, { events: [kept, fresh] }));
    assert.deepEqual(outcome, { kind: 'revised', handovers: [{ event: fresh.event, tickets: [] }] });
    assert.deepEqual((await under.store.receipt(TENANT, receipt.id))?.eventIds, [kept.event.id, fresh.event.id]);
  });
}

function refusals(sentence: Sentence): void {
  sentence('T1 a revision of another number is a conflict and changes nothing', async (under) => {
    const receipt = await recorded(under.store);
    const request = { events: [{ event: anEvent(), deliveries: [] }], claims: [aClaim('k')] };
    const outcome = await under.store.reviseReceipt(revising(receipt, { ...request, revision: 1 }));
    assert.deepEqual(outcome, { kind: 'conflict', revision: 0 });
    await untouched(under.store, receipt);
    assert.equal(await under.store.recall(TENANT, 'POST /events', 'k'), null);
    await under.store.reviseReceipt(revising(receipt));
    assert.deepEqual(await under.store.reviseReceipt(revising(receipt)), { kind: 'conflict', revision: 1 });
    assert.deepEqual(await under.store.reviseReceipt(revising({ ...receipt, revision: 1 })), MADE);
  });

  sentence('T1 a receipt that is not there, or not theirs, is missing and takes no key', async (under) => {
    const receipt = await recorded(under.store);
    const [claims, dedupe] = [[aClaim('k')], { key: 'k', windowMs: null, redeliveryAfterMs: null }];
    for (const more of [{ id: newId() }, { tenant: OTHER_TENANT }]) {
      const outcome = await under.store.reviseReceipt(revising(receipt, { ...more, claims, dedupe }));
      assert.deepEqual(outcome, { kind: 'missing' });
    }
    await untouched(under.store, receipt);
    for (const tenant of [TENANT, OTHER_TENANT]) {
      assert.equal(await under.store.recall(tenant, 'POST /events', 'k'), null);
    }
  });

  sentence('T1 a revision decided on an older configuration is stale and changes nothing', async (under) => {
    const receipt = await recorded(under.store);
    await subscribed(under.store);
    const dedupe = { key: 'k', windowMs: null, redeliveryAfterMs: null };
    const request = revising(receipt, {
      events: [{ event: anEvent(), deliveries: [] }],
      claims: [aClaim('k')],
      dedupe,
    });
    assert.deepEqual(await under.store.reviseReceipt(request), { kind: 'stale', configVersion: 1 });
    await untouched(under.store, receipt);
    assert.equal(await under.store.recall(TENANT, 'POST /events', 'k'), null);
    assert.equal((await under.store.reviseReceipt({ ...request, configVersion: 1 })).kind, 'revised');
  });

  sentence('A3 a revision under a key that was used gets the first answer, or a mismatch', async (under) => {
    const receipt = await recorded(under.store);
    const claim = aClaim('k', { answer: bytes('first') });
    await under.store.reviseReceipt(revising(receipt, { claims: [claim] }));
    const again = revising({ ...receipt, revision: 1 }, { claims: [{ ...claim, answer: bytes('second') }] });
    for (const request of [again, { ...again, revision: 0 }, { ...again, id: newId() }]) {
      const outcome = await under.store.reviseReceipt(request);
      assert.deepEqual(outcome, { kind: 'repeated', scope: claim.scope, answer: bytes('first') });
    }
    const other = revising({ ...receipt, revision: 1 }, { claims: [{ ...claim, bodyHash: sha256('other') }] });
    assert.deepEqual(await under.store.reviseReceipt(other), { kind: 'mismatch', scope: claim.scope });
    assert.equal((await under.store.receipt(TENANT, receipt.id))?.receipt.revision, 1);
  });
}

function races(sentence: Sentence): void {
  const withEvent = (receipt: Receipt) => revising(receipt, { events: [{ event: anEvent(), deliveries: [] }] });

  sentence('T1 of two revisions of one number at once, one is made and the other writes nothing', async (under) => {
    for (let round = 0; round < 5; round++) {
      const receipt = await recorded(under.store, { outcome: 'held' });
      const requests = [withEvent(receipt), withEvent(receipt), withEvent(receipt)];
      const outcomes = await Promise.all(requests.map((request) => under.store.reviseReceipt(request)));
      assert.deepEqual(outcomes.map(({ kind }) => kind).sort(), ['conflict', 'conflict', 'revised']);
      const won = requests[outcomes.findIndex(({ kind }) => kind === 'revised')];
      const stored = await under.store.receipt(TENANT, receipt.id);
      assert.deepEqual(stored?.eventIds, [won?.events[0]?.event.id]);
      assert.equal((await under.store.events({ tenant: TENANT, limit: 10 })).length, round + 1);
    }
  });
}
