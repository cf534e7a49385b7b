import assert from 'node:assert/strict';
import type { ReceiptOutcome, ReceiptRequest } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import {
  aDelivery,
  anEvent,
  aReceipt,
  bytes,
  claimed,
  FACT,
  idsOf,
  newId,
  OTHER_TENANT,
  only,
  recording,
  settledAs,
  subscribed,
  succeeding,
  TENANT,
} from './samples.ts';

/** T1. */
export function receipts(sentence: Sentence): void {
  recordings(sentence);
  duplicates(sentence);
  windows(sentence);
  rejections(sentence);
}

function ticketsOf(outcome: ReceiptOutcome) {
  return outcome.kind === 'recorded' ? outcome.handovers.flatMap((handover) => handover.tickets) : [];
}

function keyed(sourceId: string, key: string, windowMs: number | null = null, body = 'same'): ReceiptRequest {
  return recording(aReceipt(sourceId, { body: bytes(body) }), {
    facts: [FACT],
    dedupe: { key, windowMs, redeliveryAfterMs: null },
  });
}

function recordings(sentence: Sentence): void {
  sentence('T1 a receipt, its facts, events and tickets are there together after a crash', async (under) => {
    const hook = await subscribed(under.store);
    const receipt = aReceipt(newId(), { reason: 'because', verdict: { ok: true, scheme: 'token', reason: null } });
    const event = anEvent({ source: { kind: 'receipt', id: receipt.id } });
    const events = [{ event, deliveries: [aDelivery(event, hook)] }];
    const outcome = await under.store.recordReceipt(recording(receipt, { facts: [FACT], events, configVersion: 1 }));
    await under.crash();
    const stored = await under.store.receipt(TENANT, receipt.id);
    assert.deepEqual(stored, { receipt, facts: [FACT], eventIds: [event.id] });
    assert.deepEqual((await under.store.event(TENANT, event.id))?.event, event);
    assert.deepEqual(idsOf(await claimed(under.store)), idsOf(ticketsOf(outcome)));
  });

  sentence('T1 what a receipt hands over can be settled without a claim', async (under) => {
    const hook = await subscribed(under.store);
    const event = anEvent();
    const events = [{ event, deliveries: [aDelivery(event, hook)] }];
    const outcome = await under.store.recordReceipt(recording(aReceipt(newId()), { events, configVersion: 1 }));
    assert.equal(await settledAs(under.store, succeeding(only(ticketsOf(outcome)))), null);
  });

  sentence('T1 a receipt decided on an older configuration is stale and writes nothing', async (under) => {
    await subscribed(under.store);
    const event = anEvent();
    const request = recording(aReceipt(newId()), {
      events: [{ event, deliveries: [] }],
      dedupe: { key: 'k', windowMs: null, redeliveryAfterMs: null },
    });
    assert.deepEqual(await under.store.recordReceipt(request), { kind: 'stale', configVersion: 1 });
    assert.equal(await under.store.receipt(TENANT, request.receipt.id), null);
    assert.equal(await under.store.event(TENANT, event.id), null);
    assert.equal((await under.store.recordReceipt({ ...request, configVersion: 1 })).kind, 'recorded');
  });

  sentence('T1 the same receipt id again writes nothing twice and hands nothing over', async (under) => {
    const hook = await subscribed(under.store);
    const event = anEvent();
    const request = recording(aReceipt(newId()), {
      facts: [FACT],
      events: [{ event, deliveries: [aDelivery(event, hook)] }],
      configVersion: 1,
      dedupe: { key: 'k', windowMs: null, redeliveryAfterMs: null },
    });
    await settledAs(under.store, succeeding(only(ticketsOf(await under.store.recordReceipt(request)))));
    assert.deepEqual(await under.store.recordReceipt(request), { kind: 'recorded', handovers: [], redeliveryOf: null });
    assert.deepEqual(idsOf(await claimed(under.store)), []);
    assert.equal((await under.store.receipt(TENANT, request.receipt.id))?.receipt.outcome, 'processed');
    assert.equal((await under.store.receipts({ tenant: TENANT, limit: 10 })).length, 1);
  });

  sentence('Q1 a list carries as much of a body as was asked for, a receipt by its id all of it', async (under) => {
    const body = Uint8Array.of(0xff, 0, 0xc3, 0xa4, 7);
    const receipt = aReceipt(newId(), { body });
    await under.store.recordReceipt(recording(receipt));
    for (const [maxBodyBytes, listed] of [
      [3, body.slice(0, 3)],
      [5, body],
      [6, body],
      [0, new Uint8Array()],
    ] as const) {
      for (const query of [{}, { sourceId: receipt.sourceId }]) {
        const [stored] = await under.store.receipts({ tenant: TENANT, limit: 10, maxBodyBytes, ...query });
        assert.deepEqual(stored, { receipt: { ...receipt, body: listed }, facts: [], eventIds: [] });
      }
    }
    const [whole] = await under.store.receipts({ tenant: TENANT, limit: 10 });
    assert.deepEqual(whole?.receipt, receipt);
    assert.deepEqual((await under.store.receipt(TENANT, receipt.id))?.receipt, receipt);
  });

  sentence('Q1 an empty body is listed as empty', async (under) => {
    const receipt = aReceipt(newId(), { body: new Uint8Array() });
    await under.store.recordReceipt(recording(receipt));
    for (const query of [{}, { maxBodyBytes: 3 }]) {
      const [stored] = await under.store.receipts({ tenant: TENANT, limit: 10, ...query });
      assert.deepEqual(stored?.receipt, receipt);
    }
  });

  sentence('T1 whom a receipt came from, and the proof of a rejected one, come back as they were', async (under) => {
    const proof = Uint8Array.of(0, 0xff, 7);
    const more = { remoteAddress: '2001:db8::7', outcome: 'rejected', reason: 'mac' } as const;
    const [bare, kept] = [aReceipt(newId()), aReceipt(newId(), { ...more, proof })];
    for (const receipt of [bare, kept]) await under.store.recordReceipt(recording(receipt));
    await under.crash();
    for (const receipt of [bare, kept]) {
      assert.deepEqual((await under.store.receipt(TENANT, receipt.id))?.receipt, receipt);
    }
    const listed = await under.store.receipts({ tenant: TENANT, limit: 10 });
    assert.deepEqual(
      listed.map((stored) => stored.receipt),
      [kept, bare],
    );
  });

  sentence("T1 another tenant's receipt is not there", async (under) => {
    const receipt = aReceipt(newId());
    await under.store.recordReceipt(recording(receipt));
    assert.equal(await under.store.receipt(OTHER_TENANT, receipt.id), null);
  });
}

function duplicates(sentence: Sentence): void {
  sentence('T1 a repeated key stores the receipt as a duplicate without facts and events', async (under) => {
    const source = newId();
    const first = keyed(source, 'k');
    const event = anEvent();
    const second = { ...keyed(source, 'k'), events: [{ event, deliveries: [] }] };
    assert.equal((await under.store.recordReceipt(first)).kind, 'recorded');
    const outcome = await under.store.recordReceipt(second);
    assert.deepEqual(outcome, { kind: 'duplicate', of: first.receipt.id, bodyDiffers: false });
    const stored = await under.store.receipt(TENANT, second.receipt.id);
    const receipt = { ...second.receipt, outcome: 'duplicate', duplicateOf: first.receipt.id, bodyDiffers: false };
    assert.deepEqual(stored, { receipt, facts: [], eventIds: [] });
    assert.equal(await under.store.event(TENANT, event.id), null);
  });

  sentence('T1 every duplicate names the first receipt and says whether its body differs', async (under) => {
    const source = newId();
    const first = keyed(source, 'k');
    await under.store.recordReceipt(first);
    await under.store.recordReceipt(keyed(source, 'k', null, 'second'));
    const third = keyed(source, 'k', null, 'third');
    const outcome = await under.store.recordReceipt(third);
    assert.deepEqual(outcome, { kind: 'duplicate', of: first.receipt.id, bodyDiffers: true });
    assert.equal((await under.store.receipt(TENANT, third.receipt.id))?.receipt.bodyDiffers, true);
  });

  sentence('T1 a key belongs to its source', async (under) => {
    await under.store.recordReceipt(keyed(newId(), 'k'));
    assert.equal((await under.store.recordReceipt(keyed(newId(), 'k'))).kind, 'recorded');
  });

  sentence('T1 of two receipts under one key at once, one is the duplicate', async (under) => {
    const source = newId();
    const outcomes = await Promise.all([
      under.store.recordReceipt(keyed(source, 'k')),
      under.store.recordReceipt(keyed(source, 'k')),
    ]);
    assert.deepEqual(outcomes.map((outcome) => outcome.kind).sort(), ['duplicate', 'recorded']);
  });

  sentence('T1 receipts without a key are never duplicates', async (under) => {
    const source = newId();
    await under.store.recordReceipt(recording(aReceipt(source)));
    assert.equal((await under.store.recordReceipt(recording(aReceipt(source)))).kind, 'recorded');
  });
}

function windows(sentence: Sentence): void {
  sentence('T1 inside its window a key is taken, after it the key is free for the next', async (under) => {
    const source = newId();
    const first = keyed(source, 'k', 600_000);
    await under.store.recordReceipt(first);
    await under.advance(500_000);
    assert.equal((await under.store.recordReceipt(keyed(source, 'k', 600_000))).kind, 'duplicate');
    await under.advance(100_001);
    const next = keyed(source, 'k', 600_000);
    assert.equal((await under.store.recordReceipt(next)).kind, 'recorded');
    const last = await under.store.recordReceipt(keyed(source, 'k', 600_000));
    assert.deepEqual(last, { kind: 'duplicate', of: next.receipt.id, bodyDiffers: false });
  });

  sentence('T1 a key without a window is taken for ever', async (under) => {
    const source = newId();
    await under.store.recordReceipt(keyed(source, 'k'));
    await under.advance(400 * 86_400_000);
    await under.store.maintain();
    assert.equal((await under.store.recordReceipt(keyed(source, 'k'))).kind, 'duplicate');
  });
}

function rejections(sentence: Sentence): void {
  sentence('T1 of rejected receipts a source keeps the newest, and loses no other', async (under) => {
    const source = newId();
    const accepted = aReceipt(source);
    const elsewhere = aReceipt(newId(), { outcome: 'rejected' });
    await under.store.recordReceipt(recording(accepted));
    await under.store.recordReceipt(recording(elsewhere));
    const rejected = Array.from({ length: 4 }, () => aReceipt(source, { outcome: 'rejected', reason: 'mac' }));
    for (const receipt of rejected) await under.store.recordReceipt(recording(receipt, { maxRejected: 3 }));
    const kept = (await under.store.receipts({ tenant: TENANT, limit: 10 })).map((stored) => stored.receipt.id);
    const newest = rejected.slice(1).map((receipt) => receipt.id);
    assert.deepEqual(kept, [accepted.id, elsewhere.id, ...newest].reverse());
  });
}
