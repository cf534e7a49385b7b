import { NO_HEALTH } from '../../core/health.ts';
import type { Id } from '../../core/ids.ts';
import { shardOf } from '../../core/ids.ts';
import type { SubscriptionState } from '../../core/subscription.ts';
import type { Health, StateChange, SubscriptionRow, Troubled } from '../../ports/store.ts';
import type { Change, Changed } from './change.ts';
import { copyOf } from './copy.ts';
import { compareText } from './ordered.ts';
import type { SubscriptionTable, Tables } from './tables.ts';
import { putTask } from './tasks.ts';

/** A subscription of this tenant that is not deleted. */
function living(tables: Tables, tenant: Id, id: Id): SubscriptionTable | undefined {
  const found = tables.subscriptions.get(id);
  return found?.row.tenant === tenant && !found.deleted ? found : undefined;
}

export function putSubscription(tables: Tables, tenant: Id, change: Change<'put_subscription'>): Changed {
  const found = living(tables, tenant, change.id);
  if (found === undefined) {
    const isFree = change.version === null && !tables.subscriptions.has(change.id);
    return isFree ? makeSubscription(tables, tenant, change) : { kind: 'missing' };
  }
  const { row, versions } = found;
  if (row.version !== change.version) return { kind: 'conflict', version: row.version };
  row.version += 1;
  row.config = copyOf(change.config);
  versions.push(row.config);
  row.updatedAtMs = change.atMs ?? tables.nowMs();
  if (change.state !== undefined) enter(row, change.state, row.updatedAtMs);
  return { kind: 'changed', version: row.version };
}

function makeSubscription(tables: Tables, tenant: Id, change: Change<'put_subscription'>): Changed {
  const nowMs = change.atMs ?? tables.nowMs();
  const row: SubscriptionRow = {
    id: change.id,
    tenant,
    version: 1,
    state: { kind: 'active' },
    pauses: [],
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
    createdBy: change.createdBy,
    config: copyOf(change.config),
    health: NO_HEALTH,
  };
  if (change.state !== undefined) enter(row, change.state, nowMs);
  tables.subscriptions.set(change.id, { row, versions: [row.config], deleted: false });
  return { kind: 'changed', version: 1 };
}

/** Puts a subscription into a state; pausing opens a pause, leaving closes it, and a second pause is the first. */
function enter(row: SubscriptionRow, change: StateChange, nowMs: number): void {
  if (row.state.kind === 'paused' && change.to === 'paused') return;
  const ended = row.pauses.map((pause) => (pause.toMs === null ? { ...pause, toMs: nowMs } : pause));
  row.pauses = change.to === 'paused' ? [...ended, { fromMs: nowMs, toMs: null }] : ended;
  if (row.state.kind === 'disabled' && change.to === 'active') {
    // What the owner was told stays: that it is on again is yet to be told.
    row.health = { ...row.health, consecutiveFailures: 0, firstFailureAtMs: null };
  }
  row.state = stateOf(change, nowMs);
}

function stateOf(change: StateChange, sinceMs: number): SubscriptionState {
  switch (change.to) {
    case 'active':
      return { kind: 'active' };
    case 'paused':
      return { kind: 'paused', sinceMs };
    case 'disabled':
      return { kind: 'disabled', sinceMs, reason: change.reason };
  }
}

export function deleteSubscription(tables: Tables, tenant: Id, change: Change<'delete_subscription'>): Changed {
  const found = living(tables, tenant, change.id);
  if (found === undefined) return { kind: 'missing' };
  const { version } = found.row;
  if ((change.version ?? version) !== version) return { kind: 'conflict', version };
  found.deleted = true;
  const shard = shardOf(change.id, tables.shards);
  putTask(tables, { shard, id: change.taskId, tenant, kind: 'cancel', ref: change.id });
  return { kind: 'changed', version };
}

/** A past configuration, of a deleted subscription too. */
export function subscriptionVersion(tables: Tables, tenant: Id, id: Id, version: number): Uint8Array | null {
  const found = tables.subscriptions.get(id);
  const config = found?.row.tenant === tenant ? found.versions[version - 1] : undefined;
  return config === undefined ? null : copyOf(config);
}

export function healthOf(tables: Tables, tenant: Id, ids: readonly Id[]): ReadonlyMap<Id, Health> {
  const found = ids.flatMap((id) => living(tables, tenant, id)?.row ?? []);
  return new Map(found.map((row) => [row.id, copyOf(row.health)]));
}

export function troubled(tables: Tables, tenant: Id, limit: number): Troubled[] {
  const found = [...tables.subscriptions.values()].filter(({ row, deleted }) => {
    return !deleted && row.tenant === tenant && (row.state.kind === 'disabled' || row.health.consecutiveFailures > 0);
  });
  const byId = found.map(({ row }) => row).sort((a, b) => compareText(a.id, b.id));
  return copyOf(byId.slice(0, limit).map(({ id, health }) => ({ id, health })));
}
