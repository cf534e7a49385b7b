import { madeAtOnce } from '../../core/event.ts';
import type { Id } from '../../core/ids.ts';
import { shardOf } from '../../core/ids.ts';
import type {
  AppendOutcome,
  AppendRequest,
  BatchAppend,
  BatchOutcome,
  EventAppend,
  RedeliveryOutcome,
  RedeliveryRequest,
  Refused,
  Ticket,
} from '../../ports/store.ts';
import { copyOf } from './copy.ts';
import { keepClaims, refusedBy } from './idempotency.ts';
import type { Tables } from './tables.ts';
import { putTask } from './tasks.ts';
import { openDelivery } from './tickets.ts';

export function append(tables: Tables, request: AppendRequest): AppendOutcome {
  const { tenant, id } = request.event;
  if (tables.events.get(id) !== undefined) return { kind: 'duplicate' };
  const refused = refusedBy(tables, tenant, request.claims) ?? staleness(tables, tenant, request.configVersion);
  if (refused !== null) return refused;
  keepClaims(tables, tenant, request.claims);
  return { kind: 'appended', tickets: writeEvent(tables, request, request.configVersion) };
}

export function appendAll(tables: Tables, batch: BatchAppend): BatchOutcome {
  const { tenant, appends, configVersion } = batch;
  if (appends.some(({ event }) => tables.events.get(event.id) !== undefined)) return { kind: 'duplicate' };
  const repeats = refusedBy(tables, tenant, batch.claims);
  if (repeats !== null) return repeats;
  const uses = appends.flatMap(({ claims }, at) => {
    const use = refusedBy(tables, tenant, claims);
    return use === null ? [] : [{ at, use }];
  });
  if (uses.length > 0) return { kind: 'used', uses };
  const stale = staleness(tables, tenant, configVersion);
  if (stale !== null) return stale;
  keepClaims(tables, tenant, [...batch.claims, ...appends.flatMap(({ claims }) => claims)]);
  return { kind: 'appended', tickets: appends.map((append) => writeEvent(tables, append, configVersion)) };
}

/** `stale` when the tenant's configuration is not the one a decision was made on. */
export function staleness(tables: Tables, tenant: Id, decidedOn: number): Extract<Refused, { kind: 'stale' }> | null {
  const configVersion = tables.configVersions.get(tenant) ?? 0;
  return configVersion === decidedOn ? null : { kind: 'stale', configVersion };
}

/** Writes the event with its targets, and its tickets or its fan-out task. */
export function writeEvent(tables: Tables, { event, deliveries }: EventAppend, configVersion: number): Ticket[] {
  const targets = deliveries.map(({ subscriptionId, subscriptionVersion, deliveryId }) => ({
    subscriptionId,
    subscriptionVersion,
    deliveryId,
  }));
  tables.events.set(event.id, { event: copyOf(event), configVersion, targets });
  const made = madeAtOnce(deliveries);
  if (made.length < deliveries.length) {
    const shard = shardOf(event.id, tables.shards);
    putTask(tables, { shard, id: event.id, tenant: event.tenant, kind: 'fanout', ref: event.id });
  }
  const making = { tenant: event.tenant, eventId: event.id, kind: 'first', of: null } as const;
  return copyOf(made.map((fresh) => openDelivery(tables, making, fresh)).filter((ticket) => ticket !== null));
}

export function redeliver(tables: Tables, request: RedeliveryRequest): RedeliveryOutcome {
  const { tenant, eventId, kind, of } = request;
  const refused = refusedBy(tables, tenant, request.claims);
  if (refused !== null) return refused;
  if (tables.events.get(eventId)?.event.tenant !== tenant) return { kind: 'missing' };
  if (of !== null && tables.deliveries.get(of)?.tenant !== tenant) return { kind: 'missing' };
  keepClaims(tables, tenant, request.claims);
  const ticket = openDelivery(tables, { tenant, eventId, kind, of }, request.delivery);
  return { kind: 'appended', tickets: ticket === null ? [] : [copyOf(ticket)] };
}
