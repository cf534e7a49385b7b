/** Reading configuration, health, keys and remembered answers. */
import type { Id } from '../../core/ids.ts';
import type { Configuration, Health, KeyRow, SourceRow, SubscriptionRow, Troubled } from '../../ports/store.ts';
import { blob, idOf } from '../sql/id-bytes.ts';
import { type HealthColumns, healthOf, type StandingColumns, stateOf } from '../sql/standing.ts';
import type { ClaimRow } from './claims.ts';
import type { Database } from './database.ts';
import { type ApiKeyRow, keyRow } from './keys.ts';
import { idOrNull } from './rows.ts';

interface SubscriptionColumns extends HealthColumns, StandingColumns {
  id: Uint8Array;
  tenant: Uint8Array;
  version: number;
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
