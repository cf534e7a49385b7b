import assert from 'node:assert/strict';
import type { Id } from '../../src/core/ids.ts';
import type { Receipt } from '../../src/core/receipt.ts';
import type { Ticket } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import {
  aReceipt,
  claimed,
  engineMs,
  FACT,
  idsOf,
  newId,
  publishedTo,
  recording,
  settledAs,
  subscribed,
  succeeding,
  TENANT,
  upTo,
} from './samples.ts';

const DAY_MS = 24 * 3_600_000;

/** What readiness asks, what maintenance drops and what it may not touch. */
export function housekeeping(sentence: Sentence): void {
  pulses(sentence);
  dropping(sentence);
}

function pulses(sentence: Sentence): void {
  sentence('H1 the pulse says since when the oldest of what is due waits', async (under) => {
    const hook = await subscribed(under.store);
    await publishedTo(under.store, hook, { delayMs: 3_600_000 });
    assert.equal((await under.store.pulse()).oldestDueMs, null);
    const oldest = await publishedTo(under.store, hook);
    await under.advance(1_000);
    const next = await publishedTo(under.store, hook);
    assert.equal((await under.store.pulse()).oldestDueMs, dueMsOf(oldest));
    await settledAs(under.store, succeeding(oldest));
    assert.equal((await under.store.pulse()).oldestDueMs, dueMsOf(next));
  });

  sentence('A4 engine time moves on and does not go back over a crash', async (under) => {
    const beforeMs = await engineMs(under.store);
    await under.advance(60_000);
    const afterMs = await engineMs(under.store);
    assert.ok(afterMs >= beforeMs + 60_000);
    await under.crash();
    assert.ok((await engineMs(under.store)) >= afterMs);
  });
}

function dropping(sentence: Sentence): void {
  sentence('E1 rejected receipts go after a day, whosever they are, and no others', async (under) => {
    const [source, nowMs] = [newId(), await engineMs(under.store)];
    const at = (ms: number, outcome: 'rejected' | 'ignored' | 'held', of = source) =>
      aReceipt(of, { id: newId(ms), receivedAtMs: ms, outcome });
    const old = [at(nowMs - 5_000, 'rejected'), at(nowMs - 4_000, 'rejected', newId())];
    const kept = [at(nowMs - 3_000, 'ignored'), at(nowMs - 2_000, 'held'), at(nowMs + 60_000, 'rejected')];
    for (const receipt of [...old, ...kept]) {
      await under.store.recordReceipt(recording(receipt, { facts: [FACT] }));
    }
    const left = async () => {
      await under.store.maintain();
      return (await under.store.receipts({ tenant: TENANT, limit: 10 })).map(({ receipt }) => receipt.id).reverse();
    };
    assert.deepEqual(await left(), idsOfReceipts([...old, ...kept]));
    await under.advance(DAY_MS);
    assert.deepEqual(await left(), idsOfReceipts(kept));
    assert.equal(await under.store.receipt(TENANT, old[0]?.id ?? ''), null);
  });

  sentence('E1 rejected receipts that are old go slice by slice, until none is left', async (under) => {
    const source = newId();
    const nowMs = await engineMs(under.store);
    const many = Array.from({ length: 210 }, (_, n) => {
      const atMs = nowMs - 2 * DAY_MS + n;
      return aReceipt(source, { id: newId(atMs), receivedAtMs: atMs, outcome: 'rejected' });
    });
    const maxRejected = many.length;
    await Promise.all(many.map((receipt) => under.store.recordReceipt(recording(receipt, { maxRejected }))));
    const left = async () => (await under.store.receipts({ tenant: TENANT, limit: 500 })).length;
    assert.equal(await left(), many.length);
    for (let slice = 0; slice < 5; slice++) await under.store.maintain();
    assert.equal(await left(), 0);
  });

  sentence('E1 housekeeping drops nothing that is open', async (under) => {
    const hook = await subscribed(under.store);
    const due = await publishedTo(under.store, hook);
    const held = await publishedTo(under.store, hook, { hold: { reason: 'paused', key: '' } });
    await under.advance(29 * 86_400_000);
    await under.store.maintain();
    const found = await claimed(under.store);
    assert.deepEqual([idsOf(found), found.events.has(due.eventId)], [idsOf([due]), true]);
    const lane = await under.store.laneHeads({ subscriptionId: hook, shard: 0 }, null, upTo(10));
    assert.deepEqual([idsOf(lane), lane.events.has(held.eventId)], [idsOf([held]), true]);
  });
}

function idsOfReceipts(receipts: readonly Receipt[]): readonly Id[] {
  return receipts.map(({ id }) => id);
}

function dueMsOf({ place }: Ticket): number | null {
  return place.kind === 'due' ? place.dueMs : null;
}
