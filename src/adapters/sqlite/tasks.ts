/** Durable work other than an HTTP delivery. */
import { shardOf } from '../../core/ids.ts';
import type { Task, TaskKind, TaskSettlement } from '../../ports/store.ts';
import { blob, idOf } from '../sql/id-bytes.ts';
import { flagsOf } from '../sql/kinds.ts';
import { own, packDelivery, type Spot } from './packets.ts';
import { deliveryExists, placeNew } from './placing.ts';
import type { Writer } from './turn.ts';

interface TaskRow {
  shard: number;
  due_ms: number;
  id: Uint8Array;
  tenant: Uint8Array;
  kind: TaskKind;
  ref: Uint8Array;
  n: number;
  payload: Uint8Array;
}

/** null: lost · else per delivery where it was put, null for one that was made before. */
export type TaskAnswer = null | readonly (Spot | null)[];

export function packTask(settlement: TaskSettlement): TaskSettlement {
  const { task, next, deliveries } = settlement;
  const payload = next.kind === 'again' ? own(next.payload) : null;
  return {
    task: { ...task, payload: own(task.payload) },
    next: next.kind === 'again' && payload !== null ? { ...next, payload } : next,
    deliveries,
  };
}

export function claimTasks(writer: Writer, input: { shards: readonly number[]; limit: number }): readonly Task[] {
  const rows = input.shards.flatMap((shard) => writer.db.all<TaskRow>('due_tasks', shard, writer.nowMs, input.limit));
  const inDueOrder = rows.toSorted((a, b) => a.due_ms - b.due_ms);
  return inDueOrder.slice(0, input.limit).map(taskOf);
}

function taskOf(row: TaskRow): Task {
  const { shard, kind, n, payload } = row;
  return { shard, dueMs: row.due_ms, id: idOf(row.id), tenant: idOf(row.tenant), kind, ref: idOf(row.ref), n, payload };
}

export function settleTask(writer: Writer, { task, next, deliveries }: TaskSettlement): TaskAnswer {
  if (writer.db.run('take_task', task.shard, task.dueMs, blob(task.id), task.n) === 0) return null;
  if (next.kind === 'again') {
    const again = { ...task, dueMs: writer.nowMs + next.delayMs, n: task.n + 1, payload: next.payload };
    insertTask(writer, again);
  }
  return deliveries.map((delivery) => {
    if (deliveryExists(writer, delivery.deliveryId)) return null;
    return placeNew(writer, packDelivery(delivery), blob(delivery.eventId), flagsOf('first'));
  });
}

/** A task for now, on the shard of what it works on. */
export function makeTask(writer: Writer, task: Pick<Task, 'id' | 'tenant' | 'kind' | 'ref'>): void {
  const shard = shardOf(task.ref, writer.shards);
  insertTask(writer, { ...task, shard, dueMs: writer.nowMs, n: 0, payload: new Uint8Array() });
}

function insertTask(writer: Writer, task: Task): void {
  const { shard, dueMs, id, tenant, kind, ref, n, payload } = task;
  writer.db.run('insert_task', shard, dueMs, blob(id), blob(tenant), kind, blob(ref), n, payload);
}
