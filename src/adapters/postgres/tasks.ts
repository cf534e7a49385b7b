/** Durable work other than an HTTP delivery. */
import type { Id } from '../../core/ids.ts';
import type { Task, TaskKind, TaskOutcome, TaskSettlement } from '../../ports/store.ts';
import type { Session } from './database.ts';
import { deliveriesMade } from './placing.ts';
import { lockLanesOf, NOTHING, type Opening, write } from './write.ts';

interface TaskRow {
  shard: number;
  due_ms: number;
  id: Id;
  tenant: Id;
  kind: TaskKind;
  ref: Id;
  n: number;
  payload: Uint8Array;
}

export async function claimTasks(session: Session, shards: readonly number[], limit: number): Promise<readonly Task[]> {
  const rows = await session.rows<TaskRow>('due_tasks', { shards, limit });
  return rows.map(({ due_ms: dueMs, ...task }) => ({ ...task, dueMs }));
}

/** In one transaction. `repeated`: it may have been committed before and its answer lost with the connection. */
export async function settleTask(
  session: Session,
  { task, next, deliveries }: TaskSettlement,
  shards: number,
): Promise<TaskOutcome> {
  await lockLanesOf(session, deliveries, shards);
  const { shard, dueMs, id, n } = task;
  if ((await session.run('take_task', { shard, due_ms: dueMs, id, n })) === 0) return { kind: 'lost' };
  const made = await deliveriesMade(
    session,
    deliveries.map(({ deliveryId }) => deliveryId),
  );
  const fresh = deliveries.filter(({ deliveryId }) => !made.has(deliveryId));
  const openings = fresh.map((delivery): Opening => ({ delivery, eventId: delivery.eventId, kind: 'first' }));
  const again = next.kind === 'again' ? [{ ...task, n: n + 1, delayMs: next.delayMs, payload: next.payload }] : [];
  return { kind: 'settled', tickets: await write(session, { ...NOTHING, deliveries: openings, tasks: again }, shards) };
}
