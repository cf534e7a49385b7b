import assert from 'node:assert/strict';
import type { Id } from '../../src/core/ids.ts';
import type { Outcome } from '../../src/core/receipt.ts';
import type { ReceiptOutcome, ReceiptRequest } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import { revising } from './revisions.ts';
import { aReceipt, bytes, newId, recording, TENANT } from './samples.ts';

const WINDOW_MS = 600_000;

interface Sent {
  id?: string | null;
  redeliveryAfterMs?: number | null;
  outcome?: Outcome;
}

/** A receipt of a message that is known by its very bytes, and by an id where it has one. */
function sent(
  source: Id,
  signed: string,
  { id = null, redeliveryAfterMs = null, outcome = 'ignored' }: Sent = {},
): ReceiptRequest {
  const dedupe = id === null ? null : { key: id, windowMs: null, redeliveryAfterMs };
  const replay = { key: `replay:${signed}`, windowMs: WINDOW_MS, redeliveryAfterMs: null };
  return recording(aReceipt(source, { outcome, body: bytes('same') }), { dedupe, replay });
}

const duplicateOf = (first: ReceiptRequest): ReceiptOutcome => {
  return { kind: 'duplicate', of: first.receipt.id, bodyDiffers: false };
};

/** T1, of messages that are played back. */
export function replays(sentence: Sentence): void {
  sentence('T1 what is played back is a duplicate, with whatever id or none', async (under) => {
    const source = newId();
    const first = sent(source, 'bytes', { id: 'one' });
    assert.equal((await under.store.recordReceipt(first)).kind, 'recorded');
    for (const id of ['one', 'two', null]) {
      assert.deepEqual(await under.store.recordReceipt(sent(source, 'bytes', { id })), duplicateOf(first), `${id}`);
    }
    assert.equal((await under.store.recordReceipt(sent(source, 'others', { id: 'two' }))).kind, 'recorded');
    assert.equal((await under.store.recordReceipt(sent(newId(), 'bytes'))).kind, 'recorded');
  });

  sentence('T1 what is played back is no redelivery, however late', async (under) => {
    const source = newId();
    const first = sent(source, 'bytes', { id: 'guid', redeliveryAfterMs: 0 });
    await under.store.recordReceipt(first);
    const asked = sent(source, 'later', { id: 'guid', redeliveryAfterMs: 0 });
    const outcome = await under.store.recordReceipt(asked);
    assert.deepEqual(outcome, { kind: 'recorded', handovers: [], redeliveryOf: first.receipt.id });
    for (const [signed, repeated] of [
      ['bytes', first],
      ['later', asked],
    ] as const) {
      const again = sent(source, signed, { id: 'guid', redeliveryAfterMs: 0 });
      assert.deepEqual(await under.store.recordReceipt(again), duplicateOf(repeated));
    }
  });

  sentence('T1 a duplicate by its id, played back with another one, repeats the first too', async (under) => {
    const source = newId();
    const first = sent(source, 'first try', { id: 'one' });
    await under.store.recordReceipt(first);
    await under.store.recordReceipt(sent(source, 'second try', { id: 'one' }));
    const played = sent(source, 'second try', { id: 'two' });
    assert.deepEqual(await under.store.recordReceipt(played), duplicateOf(first));
    assert.equal((await under.store.recordReceipt(sent(source, 'new', { id: 'two' }))).kind, 'recorded');
  });

  sentence('T1 of two at once with different ids, one is the duplicate', async (under) => {
    const source = newId();
    const sending = ['one', 'two'].map((id) => under.store.recordReceipt(sent(source, 'bytes', { id })));
    const outcomes = await Promise.all(sending);
    assert.deepEqual(outcomes.map(({ kind }) => kind).sort(), ['duplicate', 'recorded']);
  });

  sentence('T1 after its time the very bytes are forgotten, the id is not', async (under) => {
    const source = newId();
    const first = sent(source, 'bytes', { id: 'one' });
    await under.store.recordReceipt(first);
    await under.advance(WINDOW_MS + 1);
    await under.store.maintain();
    assert.deepEqual(await under.store.recordReceipt(sent(source, 'bytes', { id: 'one' })), duplicateOf(first));
    assert.equal((await under.store.recordReceipt(sent(source, 'others', { id: 'two' }))).kind, 'recorded');
  });

  sentence('T1 what is accepted is known by its very bytes too, and may itself be played back', async (under) => {
    const source = newId();
    const rejected = aReceipt(source, { outcome: 'rejected', body: bytes('same') });
    await under.store.recordReceipt(recording(rejected));
    const { dedupe, replay } = sent(source, 'bytes', { id: 'one' });
    const accepted = await under.store.reviseReceipt(revising(rejected, { dedupe, replay }));
    assert.equal(accepted.kind, 'revised');
    const played = sent(source, 'bytes', { id: 'two' });
    assert.deepEqual(await under.store.recordReceipt(played), {
      kind: 'duplicate',
      of: rejected.id,
      bodyDiffers: false,
    });
    const late = aReceipt(source, { outcome: 'rejected', body: bytes('same') });
    await under.store.recordReceipt(recording(late));
    const outcome = await under.store.reviseReceipt(revising(late, { replay }));
    assert.deepEqual(outcome, { kind: 'duplicate', of: rejected.id, bodyDiffers: false });
    assert.equal((await under.store.receipt(TENANT, late.id))?.receipt.duplicateOf, rejected.id);
  });
}
