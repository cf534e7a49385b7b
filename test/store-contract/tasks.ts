import assert from 'node:assert/strict';
import { MAX_DIRECT_TARGETS } from '../../src/core/event.ts';
import type { Store, Task, TaskSettlement } from '../../src/ports/store.ts';
import type { Sentence } from './harness.ts';
import {
  aDelivery,
  anEvent,
  bytes,
  claimed,
  idsOf,
  laneOf,
  newId,
  only,
  published,
  publishedTo,
  settledAs,
  subscribed,
  succeeding,
  TENANT,
  text,
  upTo,
} from './samples.ts';

/** Durable work other than deliveries, under the same contract: C3, S1, S3. */
export function tasks(sentence: Sentence): void {
  work(sentence);
  races(sentence);
  deliveries(sentence);
  repetitions(sentence);
  cancelling(sentence);
}

/** A fan-out with its event; its targets need not be subscribed. */
async function fanoutTask(store: Store) {
  const event = anEvent();
  const targets = Array.from({ length: MAX_DIRECT_TARGETS + 1 }, () => aDelivery(event, newId()));
  await published(store, event, targets);
  return { event, targets, task: only(await store.claimTasks([0], 10)) };
}

function done(task: Task, deliveries: TaskSettlement['deliveries'] = []): TaskSettlement {
  return { task, next: { kind: 'done' }, deliveries };
}

function again(task: Task, delayMs: number, payload: string): TaskSettlement {
  return { task, next: { kind: 'again', delayMs, payload: bytes(payload) }, deliveries: [] };
}

function work(sentence: Sentence): void {
  sentence('S3 a task that is done is gone', async (under) => {
    const { task } = await fanoutTask(under.store);
    assert.deepEqual(await under.store.settleTask(done(task)), { kind: 'settled', tickets: [] });
    assert.deepEqual(await under.store.claimTasks([0], 10), []);
  });

  sentence('S3 a task settled as again keeps its payload, counts and waits for its delay', async (under) => {
    const { task } = await fanoutTask(under.store);
    await under.store.settleTask(again(task, 5_000, 'chunk 2'));
    assert.deepEqual(await under.store.claimTasks([0], 10), []);
    await under.advance(5_000);
    await under.crash();
    const next = only(await under.store.claimTasks([0], 10));
    assert.deepEqual([next.id, next.kind, next.ref, next.n, next.tenant], [task.id, task.kind, task.ref, 1, TENANT]);
    assert.equal(text(next.payload), 'chunk 2');
  });

  sentence('C3 tasks come from the shards asked for, in due order, at most as many as asked for', async (under) => {
    const first = await fanoutTask(under.store);
    await under.store.settleTask(again(first.task, 2_000, ''));
    const second = await fanoutTask(under.store);
    await under.store.settleTask(again(second.task, 1_000, ''));
    await under.advance(2_000);
    const refs = (await under.store.claimTasks([0], 10)).map((task) => task.ref);
    assert.deepEqual(refs, [second.event.id, first.event.id]);
    assert.equal(only(await under.store.claimTasks([0], 1)).ref, second.event.id);
    assert.deepEqual(await under.store.claimTasks([], 10), []);
  });
}

function races(sentence: Sentence): void {
  sentence('S1 one settle of a task wins, and the loser writes nothing', async (under) => {
    const { event, task } = await fanoutTask(under.store);
    const hook = await subscribed(under.store);
    const late = done(task, [{ ...aDelivery(event, hook), eventId: event.id }]);
    const outcomes = await Promise.all([under.store.settleTask(again(task, 0, 'x')), under.store.settleTask(late)]);
    assert.deepEqual(outcomes, [{ kind: 'settled', tickets: [] }, { kind: 'lost' }]);
    assert.deepEqual(idsOf(await claimed(under.store)), []);
    assert.equal(only(await under.store.claimTasks([0], 10)).n, 1);
  });
}

function deliveries(sentence: Sentence): void {
  sentence('S3 deliveries made by a step are committed with it', async (under) => {
    const { event, task } = await fanoutTask(under.store);
    const [due, parked] = [await subscribed(under.store), await subscribed(under.store)];
    const step = done(task, [
      { ...aDelivery(event, due), eventId: event.id },
      { ...aDelivery(event, parked, { hold: { reason: 'paused', key: '' } }), eventId: event.id },
    ]);
    const outcome = await under.store.settleTask(step);
    await under.crash();
    assert.ok(outcome.kind === 'settled');
    assert.deepEqual(
      outcome.tickets.map((ticket) => [ticket.subscriptionId, ticket.kind, ticket.place.kind]),
      [
        [due, 'first', 'due'],
        [parked, 'first', 'lane'],
      ],
    );
    assert.deepEqual((await claimed(under.store)).tickets, outcome.tickets.slice(0, 1));
    assert.equal((await laneOf(under.store, parked))?.reason, 'paused');
  });
}

function repetitions(sentence: Sentence): void {
  sentence('A1 a delivery that a step makes again is neither doubled nor reopened', async (under) => {
    const { event, task } = await fanoutTask(under.store);
    const [open, closed] = [await subscribed(under.store), await subscribed(under.store)];
    const made = [open, closed].map((hook) => ({ ...aDelivery(event, hook), eventId: event.id }));
    const step = { ...again(task, 0, ''), deliveries: made };
    const first = await under.store.settleTask(step);
    await settledAs(under.store, succeeding(only(first.kind === 'settled' ? first.tickets.slice(1) : [])));
    const next = only(await under.store.claimTasks([0], 10));
    assert.deepEqual(await under.store.settleTask(done(next, made)), { kind: 'settled', tickets: [] });
    assert.deepEqual(
      idsOf(await claimed(under.store)),
      idsOf(first.kind === 'settled' ? first.tickets.slice(0, 1) : []),
    );
  });

  sentence('A1 a step made again after a pause does not hold what is due already', async (under) => {
    const { event, task } = await fanoutTask(under.store);
    const hook = await subscribed(under.store);
    const made = { ...aDelivery(event, hook), eventId: event.id };
    const first = await under.store.settleTask({ ...again(task, 0, ''), deliveries: [made] });
    const next = only(await under.store.claimTasks([0], 10));
    const held = { ...made, hold: { reason: 'paused', key: '' } } as const;
    assert.deepEqual(await under.store.settleTask(done(next, [held])), { kind: 'settled', tickets: [] });
    assert.deepEqual((await claimed(under.store)).tickets, first.kind === 'settled' ? first.tickets : []);
    const lane = await under.store.laneHeads({ subscriptionId: hook, shard: 0 }, null, upTo(10));
    assert.deepEqual(idsOf(lane), []);
  });
}

function cancelling(sentence: Sentence): void {
  sentence('P1 a deleted subscription leaves a cancel task and its open tickets to it', async (under) => {
    const hook = await subscribed(under.store);
    const open = await publishedTo(under.store, hook);
    const parked = await publishedTo(under.store, hook, { hold: { reason: 'ordered', key: 'k' } });
    const taskId = newId();
    await under.store.configure({
      tenant: TENANT,
      change: { kind: 'delete_subscription', id: hook, taskId },
      claims: [],
    });
    await under.crash();
    const task = only(await under.store.claimTasks([0], 10));
    assert.deepEqual([task.id, task.kind, task.ref, task.n, task.tenant], [taskId, 'cancel', hook, 0, TENANT]);
    const left = await under.store.openTickets(hook, 10);
    assert.deepEqual([...idsOf(left)].sort(), [...idsOf([open, parked])].sort());
    assert.equal((await under.store.openTickets(hook, 1)).length, 1);
  });
}
