import assert from 'node:assert/strict';
import type { ReadFact } from '../../src/core/fact.ts';
import type { Id } from '../../src/core/ids.ts';
import type { ReceiptRequest } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import { revising } from './revisions.ts';
import { anEvent, aReceipt, BASE_MS, FACT, newId, only, recording, TENANT } from './samples.ts';

/** The most that a door takes in, by default. */
const LARGE_BYTES = 5 * 1024 * 1024;
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, at) => at);
const HOUR_MS = 3_600_000;

/** T1, at the bounds of what a sender, a clock and chance may do. */
export function receiptBounds(sentence: Sentence): void {
  texts(sentence);
  bodies(sentence);
  clocks(sentence);
  keys(sentence);
  repetitions(sentence);
}

function texts(sentence: Sentence): void {
  sentence('T1 a NUL comes back from wherever it stood, and does not end a key', async (under) => {
    const source = newId();
    const odd = 'a\u0000b\u0001';
    const receipt = aReceipt(source, {
      method: odd,
      headers: { 'x-odd': odd },
      verdict: { ok: true, scheme: 'token', reason: odd },
      reason: odd,
      remoteAddress: odd,
    });
    const request = recording(receipt, { facts: [saying(odd)], dedupe: forEver(odd) });
    await under.store.recordReceipt(request);
    await under.crash();
    const stored = { receipt, facts: [saying(odd)], eventIds: [] };
    assert.deepEqual(await under.store.receipt(TENANT, receipt.id), stored);
    assert.deepEqual(await under.store.receipts({ tenant: TENANT, limit: 9 }), [stored]);
    for (const [key, kind] of [
      [odd, 'duplicate'],
      ['a', 'recorded'],
      ['ab', 'recorded'],
    ] as const) {
      const outcome = await under.store.recordReceipt(recording(aReceipt(source), { dedupe: forEver(key) }));
      assert.equal(outcome.kind, kind, key);
    }
    await under.store.reviseReceipt(revising(receipt, { reason: `${odd}!`, facts: [saying(`${odd}!`)] }));
    const revised = await under.store.receipt(TENANT, receipt.id);
    assert.deepEqual([revised?.receipt.reason, revised?.facts], [`${odd}!`, [saying(`${odd}!`)]]);
  });

  sentence('T1 half characters come back in headers, verdict and facts', async (under) => {
    for (const odd of ['\ud800', 'a\udc00b', '\udc00\ud800']) {
      const headers = { 'x-odd': odd };
      const receipt = aReceipt(newId(), { headers, verdict: { ok: true, scheme: 'token', reason: odd } });
      await under.store.recordReceipt(recording(receipt, { facts: [saying(odd)] }));
      const stored = await under.store.receipt(TENANT, receipt.id);
      assert.deepEqual(stored, { receipt, facts: [saying(odd)], eventIds: [] });
    }
  });
}

/** A fact with this text in it, found at a place that is named with it. */
function saying(text: string): ReadFact {
  return { fact: { ...FACT.fact, actor: text } as ReadFact['fact'], provenance: { [text]: `/${text}` } };
}

function forEver(key: string) {
  return { key, windowMs: null, redeliveryAfterMs: null };
}

/** Every byte there is, over and over. */
function large(): Uint8Array {
  return new Uint8Array(Buffer.alloc(LARGE_BYTES, EVERY_BYTE));
}

function bodies(sentence: Sentence): void {
  sentence('T1 a body of 5 MiB comes back whole, and in a list as much of it as was asked for', async (under) => {
    const receipt = aReceipt(newId(), { outcome: 'held', body: large() });
    await under.store.recordReceipt(recording(receipt));
    await under.crash();
    const whole = { receipt, facts: [], eventIds: [] };
    assert.deepEqual(await under.store.receipt(TENANT, receipt.id), whole);
    const [listed] = await under.store.receipts({ tenant: TENANT, limit: 1, maxBodyBytes: 300 });
    assert.deepEqual(listed?.receipt.body, receipt.body.slice(0, 300));
    assert.deepEqual(await under.store.heldReceipts(receipt.sourceId, { receipts: 9, bytes: 0 }), [whole]);
  });

  sentence('T1 that the last of 5 MiB differs is told of a duplicate', async (under) => {
    const source = newId();
    const other = large();
    other.fill(0, -1);
    const first = recording(aReceipt(source, { body: large() }), { dedupe: forEver('k') });
    await under.store.recordReceipt(first);
    for (const [body, bodyDiffers] of [
      [large(), false],
      [other, true],
      [large().slice(0, -1), true],
    ] as const) {
      const outcome = await under.store.recordReceipt(recording(aReceipt(source, { body }), { dedupe: forEver('k') }));
      assert.deepEqual(outcome, { kind: 'duplicate', of: first.receipt.id, bodyDiffers });
    }
  });

  sentence('T1 of what is held, two of 5 MiB are not read where one fits', async (under) => {
    const source = newId();
    const held = [0, 1].map((n) => aReceipt(source, { outcome: 'held', receivedAtMs: BASE_MS + n, body: large() }));
    for (const receipt of held) await under.store.recordReceipt(recording(receipt));
    for (const [bytes, count] of [
      [2 * LARGE_BYTES, 2],
      [2 * LARGE_BYTES - 1, 1],
    ] as const) {
      const found = await under.store.heldReceipts(source, { receipts: 9, bytes });
      assert.deepEqual(
        found.map(({ receipt }) => receipt.id),
        held.slice(0, count).map(({ id }) => id),
      );
    }
  });
}

function clocks(sentence: Sentence): void {
  const within = (source: Id, windowMs: number | null, receivedAtMs = BASE_MS): ReceiptRequest => {
    return recording(aReceipt(source, { receivedAtMs }), { dedupe: { key: 'k', windowMs, redeliveryAfterMs: null } });
  };

  sentence('T1 a key ends by engine time, whatever the clock of a process says', async (under) => {
    for (const aheadMs of [HOUR_MS, -HOUR_MS]) {
      const source = newId();
      await under.store.recordReceipt(within(source, 600_000, BASE_MS + aheadMs));
      await under.advance(500_000);
      assert.equal((await under.store.recordReceipt(within(source, 600_000))).kind, 'duplicate');
      await under.advance(100_001);
      assert.equal((await under.store.recordReceipt(within(source, 600_000))).kind, 'recorded');
    }
  });

  sentence('T1 a key is taken for as long as was said when it was given, whatever is said later', async (under) => {
    for (const [givenMs, askedMs, kind] of [
      [600_000, 1_000, 'duplicate'],
      [1_000, 600_000, 'recorded'],
      [1_000, null, 'recorded'],
      [null, 1_000, 'duplicate'],
    ] as const) {
      const source = newId();
      await under.store.recordReceipt(within(source, givenMs));
      await under.advance(10_000);
      const outcome = await under.store.recordReceipt(within(source, askedMs));
      assert.equal(outcome.kind, kind, `${givenMs} and then ${askedMs}`);
    }
  });

  sentence('T1 housekeeping ends no key before its time', async (under) => {
    const source = newId();
    await under.store.recordReceipt(within(source, 600_000));
    await under.advance(500_000);
    await under.store.maintain();
    assert.equal((await under.store.recordReceipt(within(source, 600_000))).kind, 'duplicate');
  });
}

function keys(sentence: Sentence): void {
  sentence('T1 of one key at two sources at once, both are recorded', async (under) => {
    const { store } = under;
    const twice = (source: Id) =>
      [1, 2].map(() => store.recordReceipt(recording(aReceipt(source), { dedupe: forEver('k') })));
    const ofBoth = [newId(), newId()].map((source) => Promise.all(twice(source)));
    for (const outcomes of await Promise.all(ofBoth)) {
      assert.deepEqual(outcomes.map(({ kind }) => kind).sort(), ['duplicate', 'recorded']);
    }
  });

  sentence("T1 a revision's key belongs to its source too", async (under) => {
    await under.store.recordReceipt(recording(aReceipt(newId()), { dedupe: forEver('k'), replay: forEver('r') }));
    const rejected = aReceipt(newId(), { outcome: 'rejected' });
    await under.store.recordReceipt(recording(rejected));
    const accepted = revising(rejected, { dedupe: forEver('k'), replay: forEver('r') });
    assert.equal((await under.store.reviseReceipt(accepted)).kind, 'revised');
    const repeated = recording(aReceipt(rejected.sourceId), { dedupe: forEver('k') });
    const outcome = await under.store.recordReceipt(repeated);
    assert.equal(outcome.kind === 'duplicate' && outcome.of, rejected.id);
  });

  sentence('T1 a rejected receipt that is dropped lets go of its key, also when it comes once more', async (under) => {
    const source = newId();
    const rejected = () => aReceipt(source, { outcome: 'rejected' });
    const first = recording(rejected(), { dedupe: forEver('k'), maxRejected: 1 });
    await under.store.recordReceipt(first);
    await under.store.recordReceipt(recording(rejected(), { maxRejected: 1 }));
    assert.equal(await under.store.receipt(TENANT, first.receipt.id), null);
    await under.store.recordReceipt({ ...first, dedupe: null, maxRejected: 9 });
    assert.notEqual(await under.store.receipt(TENANT, first.receipt.id), null);
    const next = recording(aReceipt(source), { dedupe: forEver('k') });
    assert.equal((await under.store.recordReceipt(next)).kind, 'recorded');
  });
}

function repetitions(sentence: Sentence): void {
  sentence('T1 of the same receipt twice at once, one is made, with a key or without', async (under) => {
    const { store } = under;
    for (const dedupe of [null, forEver('k')]) {
      for (let round = 0; round < 5; round++) {
        const event = anEvent();
        const request = recording(aReceipt(newId()), { events: [{ event, deliveries: [] }], dedupe });
        const outcomes = await Promise.all([store.recordReceipt(request), store.recordReceipt(request)]);
        const made = outcomes.map((outcome) => (outcome.kind === 'recorded' ? outcome.handovers.length : outcome.kind));
        assert.deepEqual(made.sort(), [0, 1]);
        assert.deepEqual((await store.receipt(TENANT, request.receipt.id))?.eventIds, [event.id]);
        assert.equal(only(await store.receipts({ ...request.receipt, limit: 9 })).receipt.id, request.receipt.id);
      }
    }
  });

  sentence('T1 one event in two receipts at once is made once, and both name it', async (under) => {
    const { store } = under;
    for (let round = 0; round < 5; round++) {
      const events = [{ event: anEvent(), deliveries: [] }];
      const requests = [1, 2].map(() => recording(aReceipt(newId()), { events }));
      const outcomes = await Promise.all(requests.map((request) => store.recordReceipt(request)));
      const made = outcomes.map((outcome) => (outcome.kind === 'recorded' ? outcome.handovers.length : outcome.kind));
      assert.deepEqual(made.sort(), [0, 1]);
      for (const { receipt } of requests) {
        assert.deepEqual(
          (await store.receipt(TENANT, receipt.id))?.eventIds,
          events.map(({ event }) => event.id),
        );
      }
    }
  });
}
