/** Reading configuration and health. */
import type { Id } from '../../core/ids.ts';
import type { Configuration, Health, SourceRow, SubscriptionRow, Troubled } from '../../ports/store.ts';
import { type HealthColumns, healthOf, type StandingColumns, stateOf } from '../sql/standing.ts';
import { configVersion } from './configuration.ts';
import type { Session } from './database.ts';

interface SubscriptionColumns extends HealthColumns, StandingColumns {
  id: Id;
  tenant: Id;
  version: number;
  pauses: string;
  created_ms: number;
  updated_ms: number;
  created_by: Id | null;
  config: Uint8Array;
}

interface SourceColumns {
  id: Id;
  tenant: Id;
  version: number;
  enabled: number;
  url_key_hash: Uint8Array | null;
  created_ms: number;
  updated_ms: number;
  created_by: Id | null;
  config: Uint8Array;
}

/** In one snapshot, so that all of it is of the version it says. */
export async function configuration(session: Session, tenant: Id): Promise<Configuration> {
  const version = await configVersion(session, tenant);
  const subscriptions = await session.rows<SubscriptionColumns>('subscriptions', { tenant });
  const sources = await session.rows<SourceColumns>('sources', { tenant });
  return { version, subscriptions: subscriptions.map(subscriptionRow), sources: sources.map(sourceRow) };
}

function subscriptionRow(row: SubscriptionColumns): SubscriptionRow {
  const { id, tenant, version, config } = row;
  return {
    id,
    tenant,
    version,
    state: stateOf(row),
    pauses: JSON.parse(row.pauses),
    createdAtMs: row.created_ms,
    updatedAtMs: row.updated_ms,
    createdBy: row.created_by,
    config,
    health: healthOf(row),
  };
}

function sourceRow(row: SourceColumns): SourceRow {
  const { id, tenant, version, config } = row;
  return {
    id,
    tenant,
    version,
    enabled: row.enabled === 1,
    urlKeyHash: row.url_key_hash,
    createdAtMs: row.created_ms,
    updatedAtMs: row.updated_ms,
    createdBy: row.created_by,
    config,
  };
}

export async function subscriptionVersion(
  session: Session,
  tenant: Id,
  id: Id,
  version: number,
): Promise<Uint8Array | null> {
  const row = await session.row<{ config: Uint8Array }>('subscription_version', { tenant, id, version });
  return row?.config ?? null;
}

type HealthRow = HealthColumns & { id: Id };

/** By id, in the order asked for. */
export async function health(session: Session, tenant: Id, ids: readonly Id[]): Promise<ReadonlyMap<Id, Health>> {
  const rows = await session.rows<HealthRow>('health', { tenant, ids });
  const found = new Map(rows.map((row) => [row.id, healthOf(row)]));
  return new Map(
    ids.flatMap((id) => {
      const known = found.get(id);
      return known === undefined ? [] : [[id, known] as const];
    }),
  );
}

export async function troubled(session: Session, tenant: Id, limit: number): Promise<readonly Troubled[]> {
  const rows = await session.rows<HealthRow>('troubled', { tenant, limit });
  return rows.map((row) => ({ id: row.id, health: healthOf(row) }));
}
