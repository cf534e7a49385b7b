import assert from 'node:assert/strict';
import type { Sentence, StoreUnderTest } from './harness.ts';
import { MADE, revised, revising } from './revisions.ts';
import { aClaim, anEvent, aReceipt, bytes, FACT, newId, only, recording, TENANT } from './samples.ts';

/** T1, of receipts that are worked through under a key, as accepted ones are. */
export function accepting(sentence: Sentence): void {
  keys(sentence);
  rejected(sentence);
}

const KEY = { key: 'k', windowMs: null, redeliveryAfterMs: null };

/** The receipt that holds the key, and one of the same source that was rejected. */
async function holderAndRejected(under: StoreUnderTest, body = 'same', windowMs: number | null = null) {
  const holder = aReceipt(newId(), { body: bytes('same') });
  await under.store.recordReceipt(recording(holder, { dedupe: { ...KEY, windowMs } }));
  const late = aReceipt(holder.sourceId, { outcome: 'rejected', body: bytes(body) });
  await under.store.recordReceipt(recording(late, { facts: [FACT] }));
  return { holder, late };
}

function keys(sentence: Sentence): void {
  sentence('T1 a revision under the key of another receipt makes a duplicate, of the next revision', async (under) => {
    for (const [body, bodyDiffers] of [
      ['same', false],
      ['other', true],
    ] as const) {
      const { holder, late } = await holderAndRejected(under, body);
      const events = [{ event: anEvent(), deliveries: [] }];
      const request = revising(late, { dedupe: { ...KEY, redeliveryAfterMs: 0 }, events, claims: [aClaim(body)] });
      const outcome = await under.store.reviseReceipt(request);
      assert.deepEqual(outcome, { kind: 'duplicate', of: holder.id, bodyDiffers });
      const stored = await under.store.receipt(TENANT, late.id);
      const receipt = { ...revised(late, request), outcome: 'duplicate', duplicateOf: holder.id, bodyDiffers };
      assert.deepEqual(stored, { receipt, facts: [], eventIds: [] });
      assert.deepEqual(await under.store.events({ tenant: TENANT, limit: 10 }), []);
      assert.notEqual(await under.store.recall(TENANT, 'POST /events', body), null);
    }
  });

  sentence('T1 a duplicate that is worked through after all repeats nothing any more', async (under) => {
    const { holder } = await holderAndRejected(under);
    const repeat = aReceipt(holder.sourceId, { body: bytes('other') });
    await under.store.recordReceipt(recording(repeat, { dedupe: KEY }));
    await under.store.reviseReceipt(revising(repeat));
    const { outcome, duplicateOf, bodyDiffers } = (await under.store.receipt(TENANT, repeat.id))?.receipt ?? {};
    assert.deepEqual([outcome, duplicateOf, bodyDiffers], ['processed', null, false]);
  });

  sentence('T1 a revision takes a key that is free, and keeps its own', async (under) => {
    const { holder, late } = await holderAndRejected(under, 'same', 600_000);
    await under.advance(600_001);
    const dedupe = { ...KEY, windowMs: 600_000 };
    assert.deepEqual(await under.store.reviseReceipt(revising(late, { dedupe })), MADE);
    assert.deepEqual(await under.store.reviseReceipt(revising({ ...late, revision: 1 }, { dedupe })), MADE);
    const next = aReceipt(holder.sourceId, { body: bytes('same') });
    const outcome = await under.store.recordReceipt(recording(next, { dedupe }));
    assert.deepEqual(outcome, { kind: 'duplicate', of: late.id, bodyDiffers: false });
    await under.advance(600_001);
    const last = recording(aReceipt(holder.sourceId), { dedupe });
    assert.equal((await under.store.recordReceipt(last)).kind, 'recorded');
  });

  sentence('T1 a revision without a key leaves what there is', async (under) => {
    const { holder, late } = await holderAndRejected(under);
    assert.deepEqual(await under.store.reviseReceipt(revising(late)), MADE);
    assert.deepEqual(await under.store.reviseReceipt(revising(holder)), MADE);
    const next = recording(aReceipt(holder.sourceId, { body: bytes('same') }), { dedupe: KEY });
    const outcome = await under.store.recordReceipt(next);
    assert.deepEqual(outcome, { kind: 'duplicate', of: holder.id, bodyDiffers: false });
  });
}

function rejected(sentence: Sentence): void {
  sentence('T1 of two receipts accepted under one key at once, one is the duplicate', async (under) => {
    const source = newId();
    const receipts = [0, 1].map(() => aReceipt(source, { outcome: 'rejected' }));
    for (const receipt of receipts) await under.store.recordReceipt(recording(receipt));
    const outcomes = await Promise.all(
      receipts.map((receipt) =>
        under.store.reviseReceipt(revising(receipt, { events: [{ event: anEvent(), deliveries: [] }], dedupe: KEY })),
      ),
    );
    assert.deepEqual(outcomes.map(({ kind }) => kind).sort(), ['duplicate', 'revised']);
    assert.equal((await under.store.events({ tenant: TENANT, limit: 10 })).length, 1);
  });

  sentence(
    'T1 a rejected receipt that is accepted loses its proof and is no longer among the rejected',
    async (under) => {
      const source = newId();
      const [accepted, ...others] = [0, 1, 2].map(() =>
        aReceipt(source, { outcome: 'rejected', proof: Uint8Array.of(1, 2) }),
      );
      assert.ok(accepted);
      for (const receipt of [accepted, ...others]) await under.store.recordReceipt(recording(receipt));
      const request = revising(accepted);
      assert.deepEqual(await under.store.reviseReceipt(request), MADE);
      const next = aReceipt(source, { outcome: 'rejected' });
      await under.store.recordReceipt(recording(next, { maxRejected: 1 }));
      await under.advance(2 * 86_400_000);
      await under.store.maintain();
      const left = await under.store.receipts({ tenant: TENANT, limit: 10 });
      assert.deepEqual(only(left), { receipt: revised(accepted, request), facts: [FACT], eventIds: [] });
    },
  );
}
