/** Subscriptions: their versions, their states with the pauses a person made, their soft end. */
import type { Id } from '../../core/ids.ts';
import type { StateChange } from '../../ports/store.ts';
import { type Changed, type ChangeOf, deletionRefusal, versionRefusal } from '../sql/change.ts';
import { afterChange, type StateColumns } from '../sql/state-change.ts';
import type { Changing } from './changing.ts';
import { NOTHING, taskForNow, write } from './write.ts';

interface Standing extends StateColumns {
  version: number;
}

export async function putSubscription(changing: Changing, change: ChangeOf<'put_subscription'>): Promise<Changed> {
  const { session, tenant } = changing;
  const { id, config, createdBy, atMs: now = changing.nowMs } = change;
  const current = await standing(changing, id);
  const taken = (await session.row<{ version: number }>('subscription_taken', { id }))?.version ?? null;
  const refusal = versionRefusal(change.version, taken, current?.version ?? null);
  if (refusal !== null) return refusal;
  const version = (current?.version ?? 0) + 1;
  if (current === undefined) await session.run('insert_subscription', { id, tenant, now, created_by: createdBy });
  else await session.run('set_subscription_version', { version, now, id });
  await session.run('insert_subscription_version', { id, version, config });
  if (change.state !== undefined) await enter({ ...changing, nowMs: now }, id, change.state);
  return { kind: 'done', version };
}

/** Soft: history and versions stay, a task closes what is open. */
export async function deleteSubscription(
  changing: Changing,
  change: ChangeOf<'delete_subscription'>,
): Promise<Changed> {
  const { session, tenant, nowMs: now, shards } = changing;
  const current = await standing(changing, change.id);
  const refusal = deletionRefusal(change.version, current?.version ?? null);
  if (current === undefined || refusal !== null) return refusal ?? { kind: 'missing' };
  await session.run('delete_subscription', { now, id: change.id });
  const task = taskForNow({ id: change.taskId, tenant, kind: 'cancel', ref: change.id }, shards);
  await write(session, { ...NOTHING, tasks: [task] }, shards);
  return { kind: 'done', version: current.version };
}

function standing({ session, tenant }: Changing, id: Id): Promise<Standing | undefined> {
  return session.row<Standing>('subscription', { id, tenant });
}

async function enter(changing: Changing, id: Id, change: StateChange): Promise<void> {
  const { session, nowMs: now } = changing;
  const current = await standing(changing, id);
  const entered = current === undefined ? null : afterChange(current, change, now);
  if (entered === null) return;
  const { state, sinceMs, reason, pauses, endsStreak } = entered;
  await session.run('set_subscription_state', { state, since: sinceMs, reason, pauses, now, id });
  if (endsStreak) await session.run('end_streak', { id });
}
