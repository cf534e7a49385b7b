/** Sources of inbound requests. Only their current version is kept. */
import type { Id } from '../../core/ids.ts';
import { type Changed, type ChangeOf, deletionRefusal, versionRefusal } from '../sql/change.ts';
import type { Changing } from './changing.ts';
import { lockGoingOn } from './locks.ts';
import type { Values } from './values.ts';
import { NOTHING, taskForNow, write } from './write.ts';

export async function putSource(changing: Changing, change: ChangeOf<'put_source'>): Promise<Changed> {
  const { session, tenant, shards } = changing;
  const { id, config, createdBy, atMs: now = changing.nowMs } = change;
  if (change.releaseTaskId !== undefined) await lockGoingOn(session, id);
  const current = await versionOf(changing, 'source', { id, tenant });
  const refusal = versionRefusal(change.version, await versionOf(changing, 'source_taken', { id }), current);
  if (refusal !== null) return refusal;
  const version = (current ?? 0) + 1;
  const values = { id, enabled: Number(change.enabled), url_key_hash: change.urlKeyHash, now, config };
  if (current === null) await session.run('insert_source', { ...values, tenant, created_by: createdBy });
  else await session.run('set_source', { ...values, version });
  if (change.releaseTaskId !== undefined) {
    const task = taskForNow({ id: change.releaseTaskId, tenant, kind: 'release', ref: id }, shards);
    await write(session, { ...NOTHING, tasks: [task] }, shards);
  }
  return { kind: 'done', version };
}

export async function deleteSource(changing: Changing, change: ChangeOf<'delete_source'>): Promise<Changed> {
  const { id, unlessHolding } = change;
  if (unlessHolding === true) await lockGoingOn(changing.session, id);
  const version = await versionOf(changing, 'source', { id, tenant: changing.tenant });
  const refusal = deletionRefusal(change.version, version);
  if (version === null || refusal !== null) return refusal ?? { kind: 'missing' };
  const count = unlessHolding === true ? await heldBy(changing, id) : 0;
  if (count > 0) return { kind: 'holding', count };
  await changing.session.run('delete_source', { id });
  return { kind: 'done', version };
}

async function heldBy({ session }: Changing, source: Id): Promise<number> {
  return (await session.row<{ count: number }>('count_held', { source }))?.count ?? 0;
}

async function versionOf({ session }: Changing, statement: string, values: Values): Promise<number | null> {
  return (await session.row<{ version: number }>(statement, values))?.version ?? null;
}
