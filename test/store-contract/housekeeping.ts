import assert from 'node:assert/strict';
import type { Sentence } from './harness.ts';
import { claimed, engineMs, idsOf, publishedTo, settledAs, subscribed, succeeding, upTo } from './samples.ts';

/** What readiness asks, and what maintenance may not touch. */
export function housekeeping(sentence: Sentence): void {
  sentence('H1 the pulse counts what is due and says since when the oldest waits', async (under) => {
    const hook = await subscribed(under.store);
    await publishedTo(under.store, hook, { delayMs: 3_600_000 });
    assert.deepEqual(await rest(under.store.pulse()), { oldestDueMs: null, due: 0 });
    const oldest = await publishedTo(under.store, hook);
    await under.advance(1_000);
    await publishedTo(under.store, hook);
    const dueMs = oldest.place.kind === 'due' ? oldest.place.dueMs : null;
    assert.deepEqual(await rest(under.store.pulse()), { oldestDueMs: dueMs, due: 2 });
    await settledAs(under.store, succeeding(oldest));
    assert.equal((await under.store.pulse()).due, 1);
  });

  sentence('A4 engine time moves on and does not go back over a crash', async (under) => {
    const beforeMs = await engineMs(under.store);
    await under.advance(60_000);
    const afterMs = await engineMs(under.store);
    assert.ok(afterMs >= beforeMs + 60_000);
    await under.crash();
    assert.ok((await engineMs(under.store)) >= afterMs);
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

async function rest(pulse: Promise<{ oldestDueMs: number | null; due: number }>) {
  const { oldestDueMs, due } = await pulse;
  return { oldestDueMs, due };
}
