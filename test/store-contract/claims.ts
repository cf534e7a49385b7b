import assert from 'node:assert/strict';
import { shardOf } from '../../src/core/ids.ts';
import type { ClaimCursor, Ticket } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import {
  aDelivery,
  anEvent,
  claimed,
  engineMs,
  idsOf,
  newIdOnShard,
  only,
  published,
  publishedTo,
  retrying,
  settledAs,
  subscribed,
  succeeding,
  upTo,
} from './samples.ts';

/** C1 to C4, as far as they are the store's. */
export function claims(sentence: Sentence): void {
  dueness(sentence);
  cursors(sentence);
  reading(sentence);
}

function dueness(sentence: Sentence): void {
  sentence('C3 a ticket is never claimed early, and is claimed once it is due', async (under) => {
    const ticket = await publishedTo(under.store, await subscribed(under.store), { delayMs: 60_000 });
    await under.advance(30_000);
    assert.deepEqual(idsOf(await claimed(under.store)), []);
    await under.advance(30_000);
    assert.deepEqual((await claimed(under.store)).tickets, [ticket]);
  });

  sentence('C3 a retry is due when its delay is over', async (under) => {
    const ticket = await publishedTo(under.store, await subscribed(under.store));
    await settledAs(under.store, retrying(ticket, 60_000));
    await under.advance(30_000);
    assert.deepEqual(idsOf(await claimed(under.store)), []);
    await under.advance(30_000);
    assert.equal(only((await claimed(under.store)).tickets).n, 1);
  });

  sentence('C1 tickets come in due order, at most as many as asked for', async (under) => {
    const hook = await subscribed(under.store);
    const late = await publishedTo(under.store, hook, { delayMs: 3_000 });
    const early = await publishedTo(under.store, hook, { delayMs: 1_000 });
    const middle = await publishedTo(under.store, hook, { delayMs: 2_000 });
    await under.advance(5_000);
    assert.deepEqual(idsOf(await claimed(under.store)), idsOf([early, middle, late]));
    assert.deepEqual(idsOf(await claimed(under.store, 0, 2)), idsOf([early, middle]));
  });

  sentence('C1 a claim says the engine time it was made at', async (under) => {
    const fromMs = await engineMs(under.store);
    const { nowMs } = await claimed(under.store);
    assert.ok(nowMs >= fromMs && nowMs <= (await engineMs(under.store)));
  });
}

function cursorAfter(ticket: Ticket): ClaimCursor {
  assert.ok(ticket.place.kind === 'due');
  return {
    shard: ticket.place.shard,
    after: { dueMs: ticket.place.dueMs, deliveryId: ticket.deliveryId },
  };
}

function cursors(sentence: Sentence): void {
  sentence('C1 a claim continues behind its cursor, by due time and delivery id', async (under) => {
    const hooks = [await subscribed(under.store), await subscribed(under.store), await subscribed(under.store)];
    const event = anEvent();
    await published(
      under.store,
      event,
      hooks.map((hook) => aDelivery(event, hook)),
    );
    const all = (await claimed(under.store)).tickets;
    const walked: Ticket[] = [];
    for (let cursor: ClaimCursor = { shard: 0, after: null }; walked.length < 3; ) {
      const next = only((await under.store.claim([cursor], upTo(1))).tickets);
      walked.push(next);
      cursor = cursorAfter(next);
    }
    assert.deepEqual(walked, all);
    assert.deepEqual(idsOf(await under.store.claim([cursorAfter(only(walked.slice(2)))], upTo(10))), []);
  });

  sentence(
    'C1 each cursor has its own shard and its own limit',
    async (under) => {
      const shards = [1, 2, 3];
      for (const shard of [...shards, ...shards]) {
        const hook = await subscribed(under.store, newIdOnShard(shard, 4));
        await publishedTo(under.store, hook);
        await publishedTo(under.store, hook);
      }
      const found = await under.store.claim(
        [1, 3].map((shard) => ({ shard, after: null })),
        upTo(3),
      );
      const byShard = found.tickets.map((ticket) => shardOf(ticket.subscriptionId, 4)).sort();
      assert.deepEqual(byShard, [1, 1, 1, 3, 3, 3]);
    },
    { shards: 4 },
  );

  sentence('C2 a null cursor finds what an earlier cursor has passed', async (under) => {
    const hook = await subscribed(under.store);
    const first = await publishedTo(under.store, hook);
    await under.advance(1_000);
    const second = await publishedTo(under.store, hook);
    assert.deepEqual(idsOf(await under.store.claim([cursorAfter(first)], upTo(10))), idsOf([second]));
    assert.deepEqual(idsOf(await claimed(under.store)), idsOf([first, second]));
  });
}

function reading(sentence: Sentence): void {
  sentence('C4 a claim writes nothing: the next one finds the same', async (under) => {
    await publishedTo(under.store, await subscribed(under.store));
    const first = await claimed(under.store);
    assert.deepEqual((await claimed(under.store)).tickets, first.tickets);
  });

  sentence('C4 what was settled before a claim starts is not in it', async (under) => {
    const hook = await subscribed(under.store);
    const settled = await publishedTo(under.store, hook);
    const open = await publishedTo(under.store, hook);
    await settledAs(under.store, succeeding(settled));
    assert.deepEqual(idsOf(await claimed(under.store)), idsOf([open]));
  });

  sentence('C1 a claim brings each event once, whole', async (under) => {
    const hooks = [await subscribed(under.store), await subscribed(under.store)];
    const event = anEvent({ tags: ['t'], headers: { 'x-team': 'red' }, orderingKey: 'o', owner: 'org:7' });
    await published(
      under.store,
      event,
      hooks.map((hook) => aDelivery(event, hook)),
    );
    const found = await claimed(under.store);
    assert.equal(found.tickets.length, 2);
    assert.deepEqual([...found.events], [[event.id, event]]);
  });
}
