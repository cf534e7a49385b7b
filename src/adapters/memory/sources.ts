import type { Id } from '../../core/ids.ts';
import { shardOf } from '../../core/ids.ts';
import type { SourceRow } from '../../ports/store.ts';
import type { Change, Changed } from './change.ts';
import { copyOf } from './copy.ts';
import { heldOf } from './receipts.ts';
import type { Tables } from './tables.ts';
import { putTask } from './tasks.ts';

export function putSource(tables: Tables, tenant: Id, change: Change<'put_source'>): Changed {
  const found = tables.sources.get(change.id);
  const isMissing = found === undefined ? change.version !== null : found.tenant !== tenant;
  if (isMissing) return { kind: 'missing' };
  if (found !== undefined && found.version !== change.version) return { kind: 'conflict', version: found.version };
  const nowMs = change.atMs ?? tables.nowMs();
  const row: SourceRow = {
    id: change.id,
    tenant,
    version: (found?.version ?? 0) + 1,
    enabled: change.enabled,
    urlKeyHash: copyOf(change.urlKeyHash),
    createdAtMs: found?.createdAtMs ?? nowMs,
    updatedAtMs: nowMs,
    createdBy: found === undefined ? change.createdBy : found.createdBy,
    config: copyOf(change.config),
  };
  tables.sources.set(row.id, row);
  if (change.releaseTaskId !== undefined) {
    const shard = shardOf(change.id, tables.shards);
    putTask(tables, { shard, id: change.releaseTaskId, tenant, kind: 'release', ref: change.id });
  }
  return { kind: 'changed', version: row.version };
}

export function deleteSource(tables: Tables, tenant: Id, change: Change<'delete_source'>): Changed {
  const found = tables.sources.get(change.id);
  if (found?.tenant !== tenant) return { kind: 'missing' };
  const { version } = found;
  if ((change.version ?? version) !== version) return { kind: 'conflict', version };
  const count = change.unlessHolding === true ? heldOf(tables, change.id).length : 0;
  if (count > 0) return { kind: 'holding', count };
  tables.sources.delete(change.id);
  return { kind: 'changed', version };
}
