/** Durable work other than HTTP: fan-out of large events, cancelling what a deleted subscription left open. */

import { closeWithoutTry } from '../flows/deliver.ts';
import type { Handover, NewDelivery, Ports, Task, TaskSettlement, Ticket } from '../ports.ts';

const CHUNK = 500;
const MAX_TASKS = 8;
const fromUtf8 = new TextDecoder();
const utf8 = new TextEncoder();

export type TaskPorts = Pick<Ports, 'store' | 'clock' | 'log'>;

/** Runs the tasks that are due; true when there may be more at once. */
export async function runTasks(
  ports: TaskPorts,
  shards: readonly number[],
  offer: (handover: Handover) => void,
): Promise<boolean> {
  const tasks = shards.length === 0 ? [] : await ports.store.claimTasks(shards, MAX_TASKS);
  let done = 0;
  for (const task of tasks) {
    try {
      await runTask(ports, task, offer);
      done++;
    } catch (error) {
      // It stays due; the others must not wait for it.
      ports.log.error('task.failed', { taskId: task.id, kind: task.kind, error });
    }
  }
  return done > 0;
}

function runTask(ports: TaskPorts, task: Task, offer: (handover: Handover) => void): Promise<void> {
  switch (task.kind) {
    case 'fanout':
      return fanOut(ports, task, offer);
    case 'cancel':
      return cancelOpen(ports, task);
  }
}

/** Makes the next chunk of an event's deliveries; the chunk and the task's progress are one commit. */
async function fanOut(ports: TaskPorts, task: Task, offer: (handover: Handover) => void): Promise<void> {
  const stored = await ports.store.event(task.tenant, task.ref);
  const from = task.payload.length === 0 ? 0 : Number(fromUtf8.decode(task.payload));
  const targets = stored?.targets ?? [];
  const deliveries: NewDelivery[] = targets.slice(from, from + CHUNK).map((target) => ({
    ...target,
    delayMs: 0,
    // The worker parks what is held when its turn comes.
    hold: null,
  }));
  const until = from + deliveries.length;
  const next: TaskSettlement['next'] =
    until >= targets.length ? { kind: 'done' } : { kind: 'again', delayMs: 0, payload: utf8.encode(`${until}`) };
  const outcome = await ports.store.settleTask({
    task,
    next,
    deliveries: deliveries.map((delivery) => ({ ...delivery, eventId: task.ref })),
  });
  if (outcome.kind === 'settled' && stored !== null) offer({ event: stored.event, tickets: outcome.tickets });
}

/** Closes a chunk of what a deleted subscription left open. */
async function cancelOpen(ports: TaskPorts, task: Task): Promise<void> {
  const open = await ports.store.openTickets(task.ref, CHUNK);
  const settlements = await Promise.all(open.map((ticket) => cancelled(ports, task, ticket)));
  await ports.store.settle({ settlements: settlements.filter((one) => one !== null), health: new Map() });
  const next: TaskSettlement['next'] =
    open.length < CHUNK ? { kind: 'done' } : { kind: 'again', delayMs: 0, payload: task.payload };
  await ports.store.settleTask({ task, next, deliveries: [] });
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
