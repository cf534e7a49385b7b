/** Whether a store holds exactly what its model says. Nothing here changes the store but engine time. */
import assert from 'node:assert/strict';
import type { ClaimCursor, Ticket } from '../../src/ports/store.ts';
import type { World } from './model.ts';
import { laneItems, openTickets } from './model.ts';
import { anEvent, engineMs, idsOf, TENANT, upTo } from './samples.ts';

/** What an event of the samples weighs; so a page is cut now by weight, now by number. */
const SAMPLE_BYTES = anEvent().data.length;

/** A claim finds exactly what is due, in order, with its events; in pages as well as at once. */
export async function checkDue(world: World, limit: number): Promise<void> {
  const { store } = world.under;
  const fromMs = await engineMs(store);
  const claimed: Ticket[] = [];
  let untilMs = fromMs;
  for (let cursor: ClaimCursor | null = { shard: 0, after: null }; cursor !== null; ) {
    const { tickets, events, more, nowMs } = await store.claim([cursor], upTo(limit, limit * SAMPLE_BYTES - 1));
    for (const { eventId } of tickets) assert.deepEqual(events.get(eventId), world.events.get(eventId)?.event);
    claimed.push(...tickets);
    untilMs = nowMs;
    cursor = more.length === 0 ? null : cursorAfter(tickets.at(-1));
  }
  assert.deepEqual(claimed, claimed.toSorted(byDue), 'in due order');
  assert.equal(new Set(claimed.map((ticket) => ticket.deliveryId)).size, claimed.length, 'each once');
  for (const ticket of claimed) assert.ok(dueMsOf(ticket) <= untilMs, 'never early');
  for (const ticket of claimed) assert.deepEqual(ticket, world.deliveries.get(ticket.deliveryId)?.ticket, 'open');
  const found = new Set(idsOf(claimed));
  const missed = openTickets(world).filter((ticket) => dueMsOf(ticket) <= fromMs && !found.has(ticket.deliveryId));
  assert.deepEqual(missed, [], 'nothing that is due is missing');
  world.seen.push(...claimed);
}

/** A read that says there is more has a last ticket. */
function cursorAfter(last: Ticket | undefined): ClaimCursor {
  assert.ok(last?.place.kind === 'due');
  return { shard: 0, after: { dueMs: last.place.dueMs, deliveryId: last.deliveryId } };
}

function dueMsOf({ place }: Ticket): number {
  return place.kind === 'due' ? place.dueMs : Number.POSITIVE_INFINITY;
}

function byDue(a: Ticket, b: Ticket): number {
  return dueMsOf(a) - dueMsOf(b) || (a.deliveryId < b.deliveryId ? -1 : 1);
}

/** Each lane holds exactly its items, in order, and shows the head of each key. */
export async function checkLanes(world: World): Promise<void> {
  const { store } = world.under;
  for (const subscriptionId of world.subscriptions) {
    const lane = { subscriptionId, shard: 0 };
    const items = laneItems(world, subscriptionId);
    const byKey = Map.groupBy(items, (ticket) => ticket.place.key);
    const heads = (await store.laneHeads(lane, null, upTo(1000))).tickets;
    assert.deepEqual(
      heads,
      [...byKey.values()].flatMap((run) => run.slice(0, 1)),
    );
    for (const [key, run] of byKey) {
      assert.deepEqual((await store.laneRun({ ...lane, key }, 0, upTo(1000))).tickets, run);
    }
    const states = (await store.lanes([0])).filter((state) => state.subscriptionId === subscriptionId);
    assert.ok(items.length === 0 || states.length === 1, 'a lane that holds something has its state');
  }
}

/** Every acknowledged event is there, and each of its deliveries is open once or closed once, with all its tries. */
export async function checkHistory(world: World): Promise<void> {
  const { store } = world.under;
  for (const [id, expected] of world.events) {
    const stored = await store.event(TENANT, id);
    assert.deepEqual(stored && { ...stored, targets: stored.targets.slice() }, expected);
  }
  for (const [deliveryId, known] of world.deliveries) {
    const attempts = await store.attempts(TENANT, deliveryId);
    assert.deepEqual(attempts, known.attempts);
    assert.deepEqual(
      attempts.map((attempt) => attempt.n),
      attempts.map((_, index) => index + 1),
      'tries are contiguous',
    );
    const view = await store.delivery(TENANT, deliveryId);
    assert.deepEqual(view?.open?.place ?? null, known.ticket?.place ?? null);
    assert.equal(view?.last?.closes ?? null, known.closes);
    assert.equal(view?.open === null, known.closes !== null, 'open or closed');
  }
  const listed = await store.deliveries({ tenant: TENANT, limit: world.deliveries.size + 1 });
  assert.equal(listed.length, world.deliveries.size, 'none doubled, none lost');
}
