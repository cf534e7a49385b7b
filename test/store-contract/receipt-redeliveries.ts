import assert from 'node:assert/strict';
import type { Id } from '../../src/core/ids.ts';
import type { Outcome } from '../../src/core/receipt.ts';
import type { ReceiptOutcome, ReceiptRequest } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import {
  aDelivery,
  anEvent,
  aReceipt,
  BASE_MS,
  bytes,
  claimed,
  FACT,
  idsOf,
  newId,
  only,
  recording,
  subscribed,
  TENANT,
} from './samples.ts';

interface Sending {
  outcome?: Outcome;
  body?: string;
  windowMs?: number | null;
  redeliveryAfterMs?: number | null;
  receivedAtMs?: number;
}

/** A receipt of a sender that says when a person had it send again. */
function sent(
  source: Id,
  { outcome = 'ignored', body = 'same', windowMs = null, redeliveryAfterMs = 0, receivedAtMs = BASE_MS }: Sending = {},
) {
  const receipt = aReceipt(source, { outcome, body: bytes(body), receivedAtMs });
  return recording(receipt, { facts: [FACT], dedupe: { key: 'guid', windowMs, redeliveryAfterMs } });
}

function again(first: ReceiptRequest): ReceiptOutcome {
  return { kind: 'recorded', handovers: [], redeliveryOf: first.receipt.id };
}

function duplicate(first: ReceiptRequest, bodyDiffers = false): ReceiptOutcome {
  return { kind: 'duplicate', of: first.receipt.id, bodyDiffers };
}

/** T1, of messages that a person had sent again. */
export function receiptRedeliveries(sentence: Sentence): void {
  linking(sentence);
  repeating(sentence);
}

function linking(sentence: Sentence): void {
  sentence('T1 a message sent again is stored with facts and events, and names the first', async (under) => {
    const [source, hook] = [newId(), await subscribed(under.store)];
    const first = { ...sent(source), configVersion: 1 };
    await under.store.recordReceipt(first);
    const event = anEvent();
    const events = [{ event, deliveries: [aDelivery(event, hook)] }];
    const second = { ...sent(source), events, configVersion: 1 };
    const outcome = await under.store.recordReceipt(second);
    await under.crash();
    assert.ok(outcome.kind === 'recorded');
    assert.equal(outcome.redeliveryOf, first.receipt.id);
    assert.deepEqual(idsOf(await claimed(under.store)), idsOf(only(outcome.handovers).tickets));
    const receipt = { ...second.receipt, redeliveryOf: first.receipt.id };
    const stored = await under.store.receipt(TENANT, receipt.id);
    assert.deepEqual(stored, { receipt, facts: [FACT], eventIds: [event.id] });
    assert.deepEqual((await under.store.receipt(TENANT, first.receipt.id))?.receipt, first.receipt);
  });

  sentence('T1 the key of a message sent again stays with the first', async (under) => {
    const source = newId();
    const first = sent(source);
    assert.deepEqual(await under.store.recordReceipt(first), { kind: 'recorded', handovers: [], redeliveryOf: null });
    for (const next of [sent(source), sent(source)]) {
      assert.deepEqual(await under.store.recordReceipt(next), again(first));
    }
    assert.deepEqual(await under.store.recordReceipt(sent(source, { redeliveryAfterMs: null })), duplicate(first));
  });

  sentence('T1 a message sent again does not keep its key taken for longer', async (under) => {
    const source = newId();
    const first = sent(source, { windowMs: 600_000 });
    await under.store.recordReceipt(first);
    await under.advance(500_000);
    assert.deepEqual(await under.store.recordReceipt(sent(source, { windowMs: 600_000 })), again(first));
    await under.advance(100_001);
    const fresh = sent(source, { windowMs: 600_000 });
    assert.deepEqual(await under.store.recordReceipt(fresh), { kind: 'recorded', handovers: [], redeliveryOf: null });
    assert.deepEqual(await under.store.recordReceipt(sent(source, { windowMs: 600_000 })), again(fresh));
  });

  sentence('T1 a message sent again that was decided on an older configuration writes nothing', async (under) => {
    const source = newId();
    await under.store.recordReceipt(sent(source));
    await subscribed(under.store);
    const second = sent(source);
    assert.deepEqual(await under.store.recordReceipt(second), { kind: 'stale', configVersion: 1 });
    assert.equal(await under.store.receipt(TENANT, second.receipt.id), null);
  });
}

function repeating(sentence: Sentence): void {
  sentence(
    'T1 a message sent again sooner than a person would is a duplicate, whatever came meanwhile',
    async (under) => {
      const source = newId();
      const first = sent(source);
      await under.store.recordReceipt(first);
      const after = (ms: number) => sent(source, { redeliveryAfterMs: 30_000, receivedAtMs: BASE_MS + ms });
      for (const [ms, outcome] of [
        [0, duplicate(first)],
        [29_999, duplicate(first)],
        [30_000, again(first)],
        [-1, duplicate(first)],
      ] as const) {
        assert.deepEqual(await under.store.recordReceipt(after(ms)), outcome, `${ms} ms`);
      }
    },
  );

  for (const outcome of ['processed', 'ignored', 'handshake'] as const) {
    sentence(`T1 what was ${outcome} may be sent again`, async (under) => {
      const source = newId();
      const first = sent(source, { outcome });
      await under.store.recordReceipt(first);
      assert.deepEqual(await under.store.recordReceipt(sent(source)), again(first));
    });
  }

  sentence('T1 while the first is held, a message sent again is a duplicate', async (under) => {
    const source = newId();
    const first = sent(source, { outcome: 'held' });
    await under.store.recordReceipt(first);
    assert.deepEqual(await under.store.recordReceipt(sent(source, { outcome: 'held' })), duplicate(first));
    assert.deepEqual(await under.store.recordReceipt(sent(source)), duplicate(first));
  });

  sentence('T1 another body under the key is a duplicate, whoever had it sent', async (under) => {
    const source = newId();
    const first = sent(source);
    await under.store.recordReceipt(first);
    const other = sent(source, { body: 'other' });
    assert.deepEqual(await under.store.recordReceipt(other), duplicate(first, true));
    const { receipt, facts } = (await under.store.receipt(TENANT, other.receipt.id)) ?? {};
    const { outcome, redeliveryOf, bodyDiffers } = receipt ?? {};
    assert.deepEqual([outcome, redeliveryOf, bodyDiffers, facts], ['duplicate', null, true, []]);
  });

  sentence('T1 the same receipt of a message sent again is recorded once, with the same answer', async (under) => {
    const source = newId();
    const first = sent(source);
    await under.store.recordReceipt(first);
    const second = { ...sent(source), events: [{ event: anEvent(), deliveries: [] }] };
    await under.store.recordReceipt(second);
    assert.deepEqual(await under.store.recordReceipt(second), again(first));
    assert.equal((await under.store.receipts({ tenant: TENANT, limit: 10 })).length, 2);
    assert.equal((await under.store.events({ tenant: TENANT, limit: 10 })).length, 1);
  });
}
