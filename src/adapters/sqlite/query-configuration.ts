/** Reading configuration, health, keys and remembered answers. */
import type { ToldPercent } from '../../core/health.ts';
import type { Id } from '../../core/ids.ts';
import type { DisabledReason, SubscriptionState } from '../../core/subscription.ts';
import type { Configuration, Health, KeyRow, SourceRow, SubscriptionRow, Troubled } from '../../ports/store.ts';
import type { ClaimRow } from './claims.ts';
import type { Database } from './database.ts';
import { type ApiKeyRow, keyRow } from './keys.ts';
import { blob, idOf, idOrNull } from './rows.ts';

interface HealthColumns {
  consecutive_failures: number;
  first_failure_ms: number | null;
  last_delivery_ms: number | null;
  last_status_code: number | null;
  last_success_ms: number | null;
  last_failure_ms: number | null;
  told_percent: ToldPercent;
}

interface SubscriptionColumns extends HealthColumns {
  id: Uint8Array;
  tenant: Uint8Array;
  version: number;
  state: SubscriptionState['kind'];
  state_since_ms: number | null;
  state_reason: DisabledReason | null;
  pauses: string;
  created_ms: number;
  updated_ms: number;
  created_by: Uint8Array | null;
  config: Uint8Array;
}

interface SourceColumns {
  id: Uint8Array;
  tenant: Uint8Array;
  version: number;
  enabled: number;
  url_key_hash: Uint8Array | null;
  created_ms: number;
  updated_ms: number;
  created_by: Uint8Array | null;
  config: Uint8Array;
}

export function configuration(db: Database, tenant: Id): Configuration {
  return {
    version: configVersion(db, tenant),
    subscriptions: db.all<SubscriptionColumns>('subscriptions', blob(tenant)).map(subscriptionRow),
    sources: db.all<SourceColumns>('sources', blob(tenant)).map(sourceRow),
  };
}

export function configVersion(db: Database, tenant: Id): number {
  return db.get<{ version: number }>('config_version', blob(tenant))?.version ?? 0;
}

function subscriptionRow(row: SubscriptionColumns): SubscriptionRow {
  return {
    id: idOf(row.id),
    tenant: idOf(row.tenant),
    version: row.version,
    state: stateOf(row),
    pauses: JSON.parse(row.pauses),
    createdAtMs: row.created_ms,
    updatedAtMs: row.updated_ms,
    createdBy: idOrNull(row.created_by),
    config: row.config,
    health: healthOf(row),
  };
}

function stateOf(row: SubscriptionColumns): SubscriptionState {
  const sinceMs = row.state_since_ms ?? 0;
  switch (row.state) {
    case 'active':
      return { kind: 'active' };
    case 'paused':
      return { kind: 'paused', sinceMs };
    case 'disabled':
      return { kind: 'disabled', sinceMs, reason: row.state_reason ?? 'user' };
  }
}

function healthOf(row: HealthColumns): Health {
  return {
    consecutiveFailures: row.consecutive_failures,
    firstFailureAtMs: row.first_failure_ms,
    lastDeliveryAtMs: row.last_delivery_ms,
    lastStatusCode: row.last_status_code,
    lastSuccessAtMs: row.last_success_ms,
    lastFailureAtMs: row.last_failure_ms,
    toldPercent: row.told_percent,
  };
}

function sourceRow(row: SourceColumns): SourceRow {
  return {
    id: idOf(row.id),
    tenant: idOf(row.tenant),
    version: row.version,
    enabled: row.enabled === 1,
    urlKeyHash: row.url_key_hash,
    createdAtMs: row.created_ms,
    updatedAtMs: row.updated_ms,
    createdBy: idOrNull(row.created_by),
    config: row.config,
  };
}

export function subscriptionVersion(db: Database, of: { tenant: Id; id: Id; version: number }): Uint8Array | null {
  const row = db.get<{ config: Uint8Array }>('subscription_version', blob(of.tenant), blob(of.id), of.version);
  return row?.config ?? null;
}

export function health(db: Database, of: { tenant: Id; ids: readonly Id[] }): ReadonlyMap<Id, Health> {
  const tenant = blob(of.tenant);
  const entries = of.ids.flatMap((id) => {
    const row = db.get<HealthColumns>('health', blob(id), tenant);
    return row === undefined ? [] : [[id, healthOf(row)] as const];
  });
  return new Map(entries);
}

export function troubled(db: Database, of: { tenant: Id; limit: number }): readonly Troubled[] {
  const rows = db.all<HealthColumns & { id: Uint8Array }>('troubled', blob(of.tenant), of.limit);
  return rows.map((row) => ({ id: idOf(row.id), health: healthOf(row) }));
}

export function keyByHash(db: Database, hash: Uint8Array): KeyRow | null {
  const row = db.get<ApiKeyRow>('key_by_hash', hash);
  return row === undefined ? null : keyRow(row);
}

export function keys(db: Database, tenant: Id): readonly KeyRow[] {
  return db.all<ApiKeyRow>('keys', blob(tenant)).map(keyRow);
}

/** The answer under a caller's key. */
export function recall(
  db: Database,
  of: { tenant: Id; scope: string; key: string },
): { bodyHash: Uint8Array; answer: Uint8Array } | null {
  const row = db.get<ClaimRow>('claim_of_key', blob(of.tenant), of.scope, of.key);
  return row === undefined ? null : { bodyHash: row.body_hash, answer: row.answer };
}
