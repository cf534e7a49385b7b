/** Subscriptions: their versions, their states with the pauses a person made, their soft end. */
import type { Id } from '../../core/ids.ts';
import type { StateChange } from '../../ports/store.ts';
import { type Changed, type ChangeOf, deletionRefusal, versionRefusal } from '../sql/change.ts';
import { blob } from '../sql/id-bytes.ts';
import { afterChange, type StateColumns } from '../sql/state-change.ts';
import { blobOrNull } from './rows.ts';
import { makeTask } from './tasks.ts';
import type { Writer } from './turn.ts';

interface Standing extends StateColumns {
  version: number;
}

export function putSubscription(writer: Writer, tenant: Id, change: ChangeOf<'put_subscription'>): Changed {
  const id = blob(change.id);
  const current = standing(writer, tenant, change.id);
  const taken = writer.db.get<{ version: number }>('subscription_taken', id)?.version ?? null;
  const refusal = versionRefusal(change.version, taken, current?.version ?? null);
  if (refusal !== null) return refusal;
  const version = (current?.version ?? 0) + 1;
  const nowMs = change.atMs ?? writer.nowMs;
  if (current === undefined) {
    writer.db.run('insert_subscription', id, blob(tenant), nowMs, nowMs, blobOrNull(change.createdBy));
  } else {
    writer.db.run('set_subscription_version', version, nowMs, id);
  }
  writer.db.run('insert_subscription_version', id, version, change.config);
  if (change.state !== undefined) enter(writer, tenant, change.id, change.state, nowMs);
  return { kind: 'done', version };
}

/** Soft: history and versions stay, a task closes what is open. */
export function deleteSubscription(writer: Writer, tenant: Id, change: ChangeOf<'delete_subscription'>): Changed {
  const current = standing(writer, tenant, change.id);
  const refusal = deletionRefusal(change.version, current?.version ?? null);
  if (current === undefined || refusal !== null) return refusal ?? { kind: 'missing' };
  writer.db.run('delete_subscription', writer.nowMs, writer.nowMs, blob(change.id));
  makeTask(writer, { id: change.taskId, tenant, kind: 'cancel', ref: change.id });
  return { kind: 'done', version: current.version };
}

function standing(writer: Writer, tenant: Id, id: Id): Standing | undefined {
  return writer.db.get<Standing>('subscription', blob(id), blob(tenant));
}

function enter(writer: Writer, tenant: Id, id: Id, change: StateChange, nowMs: number): void {
  const current = standing(writer, tenant, id);
  const entered = current === undefined ? null : afterChange(current, change, nowMs);
  if (entered === null) return;
  const { state, sinceMs, reason, pauses, endsStreak } = entered;
  writer.db.run('set_subscription_state', state, sinceMs, reason, pauses, nowMs, blob(id));
  if (endsStreak) writer.db.run('end_streak', blob(id));
}
