/** Sources of inbound requests. Only their current version is kept. */
import type { Id } from '../../core/ids.ts';
import { type Changed, type ChangeOf, deletionRefusal, versionRefusal } from '../sql/change.ts';
import { blob } from '../sql/id-bytes.ts';
import { blobOrNull } from './rows.ts';
import { makeTask } from './tasks.ts';
import type { Writer } from './turn.ts';

export function putSource(writer: Writer, tenant: Id, change: ChangeOf<'put_source'>): Changed {
  const id = blob(change.id);
  const current = versionOf(writer, 'source', id, blob(tenant));
  const refusal = versionRefusal(change.version, versionOf(writer, 'source_taken', id), current);
  if (refusal !== null) return refusal;
  const { urlKeyHash, config } = change;
  const enabled = Number(change.enabled);
  const { db } = writer;
  const nowMs = change.atMs ?? writer.nowMs;
  const version = (current ?? 0) + 1;
  if (current === null) {
    db.run('insert_source', id, blob(tenant), enabled, urlKeyHash, nowMs, nowMs, blobOrNull(change.createdBy), config);
  } else {
    db.run('set_source', version, enabled, urlKeyHash, nowMs, config, id);
  }
  if (change.releaseTaskId !== undefined) {
    makeTask(writer, { id: change.releaseTaskId, tenant, kind: 'release', ref: change.id });
  }
  return { kind: 'done', version };
}

export function deleteSource(writer: Writer, tenant: Id, change: ChangeOf<'delete_source'>): Changed {
  const version = versionOf(writer, 'source', blob(change.id), blob(tenant));
  const refusal = deletionRefusal(change.version, version);
  if (version === null || refusal !== null) return refusal ?? { kind: 'missing' };
  const count = change.unlessHolding === true ? heldBy(writer, change.id) : 0;
  if (count > 0) return { kind: 'holding', count };
  writer.db.run('delete_source', blob(change.id));
  return { kind: 'done', version };
}

function heldBy(writer: Writer, id: Id): number {
  return writer.db.get<{ count: number }>('count_held', blob(id))?.count ?? 0;
}

function versionOf(writer: Writer, statement: string, ...ids: readonly Uint8Array[]): number | null {
  return writer.db.get<{ version: number }>(statement, ...ids)?.version ?? null;
}
