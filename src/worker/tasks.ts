/**
 * Durable work other than HTTP: fan-out of large events, cancelling what a deleted subscription left open, working
 * through what a paused source has held.
 */

import type { HookEvent } from '../core/event.ts';
import type { ConfigurationCache, LiveConfiguration } from '../flows/configuration.ts';
import { closeWithoutTry } from '../flows/deliver.ts';
import { releaseHeld } from '../flows/release-held.ts';
import { holdOfNew } from '../flows/targets.ts';
import type { NewDelivery, Ports, StoredEvent, Target, Task, TaskSettlement, Ticket } from '../ports.ts';

/** Deliveries made in one commit: few enough that other writers hardly wait. */
const CHUNK = 50;
/** Deliveries closed in one step; nobody waits for them. */
const CANCEL_CHUNK = 200;
const MAX_TASKS = 8;
/** No longer than this, however slow the store is. */
const MAX_REST_MS = 5;
/** Steps of one run; then whoever runs them looks at the clock again. */
const MAX_STEPS = 50;
const fromUtf8 = new TextDecoder();
const utf8 = new TextEncoder();

export type TaskPorts = Pick<Ports, 'store' | 'clock' | 'random' | 'mac' | 'log' | 'dispatch'> & {
  configuration: Pick<ConfigurationCache, 'of' | 'current' | 'refresh'>;
};

/** Runs the tasks that are due, step by step; true when there may be more at once. */
export async function runTasks(ports: TaskPorts, shards: readonly number[]): Promise<boolean> {
  // The steps of one fan-out follow each other, and its event with all its targets is large.
  const events = new Map<string, StoredEvent>();
  for (let steps = 0; steps < MAX_STEPS; ) {
    const tasks = shards.length === 0 ? [] : await ports.store.claimTasks(shards, MAX_TASKS);
    const done = await runEach(ports, tasks, events);
    if (done === 0) return steps > 0;
    steps += done;
  }
  return true;
}

async function runEach(ports: TaskPorts, tasks: readonly Task[], events: Map<string, StoredEvent>): Promise<number> {
  let done = 0;
  for (const task of tasks) {
    const fromMs = ports.clock.monotonicMs();
    try {
      await runTask(ports, task, events);
      done++;
      await rest(ports, fromMs);
    } catch (error) {
      // It stays due; the others must not wait for it.
      ports.log.error('task.failed', { taskId: task.id, kind: task.kind, error });
    }
  }
  return done;
}

/** Between two steps, others have as long for themselves as one took. */
function rest({ clock }: Pick<TaskPorts, 'clock'>, fromMs: number): Promise<void> {
  const tookMs = clock.monotonicMs() - fromMs;
  return new Promise((resolve) =>
    tookMs < 1 ? clock.soon(resolve) : clock.after(Math.min(tookMs, MAX_REST_MS), resolve),
  );
}

function runTask(ports: TaskPorts, task: Task, events: Map<string, StoredEvent>): Promise<void> {
  switch (task.kind) {
    case 'fanout':
      return fanOut(ports, task, events);
    case 'cancel':
      return cancelOpen(ports, task);
    case 'release':
      return release(ports, task);
  }
}

/** Makes the next chunk of an event's deliveries; the chunk and the task's progress are one commit. */
async function fanOut(ports: TaskPorts, task: Task, events: Map<string, StoredEvent>): Promise<void> {
  const stored = events.get(task.ref) ?? (await ports.store.event(task.tenant, task.ref));
  if (stored === null) return settle(ports, task, DONE);
  events.set(task.ref, stored);
  const { event, targets, configVersion } = stored;
  // Decided under a version that this process may not have seen yet.
  const configuration = await ports.configuration.of(task.tenant, configVersion);
  const from = task.payload.length === 0 ? 0 : Number(fromUtf8.decode(task.payload));
  const chunk = targets.slice(from, from + CHUNK);
  const deliveries = chunk.map((target) => deliveryOf(ports, target, event, configuration));
  const until = from + chunk.length;
  const isLast = until >= targets.length;
  const next = isLast ? DONE : again(0, utf8.encode(`${until}`));
  const outcome = await ports.store.settleTask({ task, next, deliveries });
  if (isLast) events.delete(task.ref);
  if (outcome.kind === 'settled') ports.dispatch.offer({ event, tickets: outcome.tickets });
}

function deliveryOf(
  { dispatch }: Pick<TaskPorts, 'dispatch'>,
  target: Target,
  event: HookEvent,
  { subscriptions }: LiveConfiguration,
): NewDelivery & { eventId: string } {
  const subscription = subscriptions.get(target.subscriptionId);
  // One that was deleted meanwhile is cancelled when its turn comes.
  const hold = subscription === undefined ? null : holdOfNew(subscription, event, dispatch);
  return { ...target, delayMs: 0, hold, eventId: event.id };
}

const DONE: TaskSettlement['next'] = { kind: 'done' };

function again(delayMs: number, payload: Uint8Array): TaskSettlement['next'] {
  return { kind: 'again', delayMs, payload };
}

/** Settles a step that made no deliveries. */
async function settle({ store }: Pick<TaskPorts, 'store'>, task: Task, next: TaskSettlement['next']): Promise<void> {
  await store.settleTask({ task, next, deliveries: [] });
}

/** Closes a chunk of what a deleted subscription left open. */
async function cancelOpen(ports: TaskPorts, task: Task): Promise<void> {
  const open = await ports.store.openTickets(task.ref, CANCEL_CHUNK);
  const settlements = await Promise.all(open.map((ticket) => cancelled(ports, task, ticket)));
  await ports.store.settle({ settlements: settlements.filter((one) => one !== null), health: new Map() });
  await settle(ports, task, open.length < CANCEL_CHUNK ? DONE : again(0, task.payload));
}

async function cancelled(ports: TaskPorts, task: Task, ticket: Ticket) {
  const stored = await ports.store.event(task.tenant, ticket.eventId);
  if (stored === null) return null;
  return closeWithoutTry(ticket, stored.event, 0, {
    closes: 'cancelled',
    failure: 'cancelled',
    atMs: ports.clock.nowMs(),
    facts: { reason: 'its subscription was deleted' },
  });
}

/** A source whose key is missing is asked for again after so long. */
const RELEASE_AGAIN_MS = 30_000;

/** Works through a step of what a source has held; the next one follows until there is nothing left. */
async function release(ports: TaskPorts, task: Task): Promise<void> {
  const released = await releaseHeld(ports, task.tenant, task.ref);
  const delayMs = released === 'more' ? 0 : RELEASE_AGAIN_MS;
  await settle(ports, task, released === 'done' ? DONE : again(delayMs, task.payload));
}
