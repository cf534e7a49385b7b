import type { Task, TaskOutcome, TaskSettlement } from '../../ports/store.ts';
import { copyOf } from './copy.ts';
import type { Tables } from './tables.ts';
import { onShard } from './tables.ts';
import { openDelivery } from './tickets.ts';

/** Makes a task that is due now and was never settled. */
export function putTask(tables: Tables, task: Omit<Task, 'dueMs' | 'n' | 'payload'>): void {
  keepTask(tables, { ...task, dueMs: tables.nowMs(), n: 0, payload: new Uint8Array() });
}

function keepTask(tables: Tables, task: Task): void {
  onShard(tables.tasks, task.shard).set(task, task);
}

export function claimTasks(tables: Tables, shards: readonly number[], limit: number): Task[] {
  const nowMs = tables.nowMs();
  const found = shards.flatMap((shard) => [...onShard(tables.tasks, shard).after(null).take(limit)]);
  const due = found.filter((task) => task.dueMs <= nowMs).toSorted((a, b) => a.dueMs - b.dueMs);
  return copyOf(due.slice(0, limit));
}

export function settleTask(tables: Tables, { task, next, deliveries }: TaskSettlement): TaskOutcome {
  const tasks = onShard(tables.tasks, task.shard);
  const kept = tasks.get(task);
  if (kept === undefined || kept.n !== task.n) return { kind: 'lost' };
  tasks.delete(task);
  if (next.kind === 'again') {
    const dueMs = tables.nowMs() + next.delayMs;
    keepTask(tables, { ...kept, dueMs, n: kept.n + 1, payload: copyOf(next.payload) });
  }
  const tickets = deliveries.map((fresh) => {
    const tenant = tables.events.get(fresh.eventId)?.event.tenant;
    if (tenant === undefined) throw new TypeError(`no event ${fresh.eventId}`);
    return openDelivery(tables, { tenant, eventId: fresh.eventId, kind: 'first', of: null }, fresh);
  });
  return { kind: 'settled', tickets: copyOf(tickets.filter((ticket) => ticket !== null)) };
}
