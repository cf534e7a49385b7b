/** What comes in, as rows: events, open deliveries, tasks and callers' keys, all in one statement. */
import { type HookEvent, madeAtOnce } from '../../core/event.ts';
import { type Id, shardOf } from '../../core/ids.ts';
import type { DeliveryKind, IdempotencyClaim, NewDelivery, Place, TaskKind, Ticket } from '../../ports/store.ts';
import { flagsOf } from '../sql/kinds.ts';
import { packTargets } from '../sql/targets.ts';
import type { Session } from './database.ts';
import { type Timed, timeOf } from './engine-time.ts';
import { lockLanes } from './locks.ts';
import { columns, type Values } from './values.ts';

export interface NewEvent {
  event: HookEvent;
  configVersion: number;
  /** All that were decided; those to be made at once are in `deliveries` besides. */
  targets: readonly NewDelivery[];
}

export interface Opening {
  delivery: NewDelivery;
  eventId: Id;
  kind: DeliveryKind;
}

export interface NewTask {
  id: Id;
  tenant: Id;
  kind: TaskKind;
  ref: Id;
  shard: number;
  delayMs: number;
  n: number;
  payload: Uint8Array;
}

export interface NewClaim {
  tenant: Id;
  claim: IdempotencyClaim;
}

export interface Writing {
  events: readonly NewEvent[];
  deliveries: readonly Opening[];
  tasks: readonly NewTask[];
  claims: readonly NewClaim[];
}

export const NOTHING: Writing = { events: [], deliveries: [], tasks: [], claims: [] };

/** An event with the deliveries that are made with it, and the task that makes the others. */
export function writingOf(event: HookEvent, targets: readonly NewDelivery[], configVersion: number, shards: number) {
  const made = madeAtOnce(targets);
  const task = { id: event.id, tenant: event.tenant, kind: 'fanout', ref: event.id } as const;
  return {
    event: { event, configVersion, targets },
    deliveries: made.map((delivery): Opening => ({ delivery, eventId: event.id, kind: 'first' })),
    tasks: made.length === targets.length ? [] : [taskForNow(task, shards)],
  };
}

/** A task for now, on the shard of what it works on. */
export function taskForNow(task: Pick<NewTask, 'id' | 'tenant' | 'kind' | 'ref'>, shards: number): NewTask {
  return { ...task, shard: shardOf(task.ref, shards), delayMs: 0, n: 0, payload: new Uint8Array() };
}

/** Locks the lanes that some of these deliveries go into. Comes before any row is written. */
export function lockLanesOf(session: Session, deliveries: readonly NewDelivery[], shards: number): Promise<void> {
  const held = deliveries.filter(({ hold }) => hold !== null);
  return lockLanes(
    session,
    held.map(({ subscriptionId }) => shardOf(subscriptionId, shards)),
  );
}

/** Positions for the ends of lanes, in their order. Their lanes are locked. */
export async function reservePositions(session: Session, count: number): Promise<readonly number[]> {
  if (count === 0) return [];
  return (await session.rows<{ pos: number }>('reserve_pos', { count })).map(({ pos }) => pos);
}

/** Writes all of it; the tickets of the deliveries, in their order. Throws when an id or key is taken. */
export async function write(session: Session, writing: Writing, shards: number): Promise<readonly Ticket[]> {
  const due = writing.deliveries.filter(({ delivery }) => delivery.hold === null);
  const held = writing.deliveries.filter(({ delivery }) => delivery.hold !== null);
  const positions = await reservePositions(session, held.length);
  const lanes = held.map((opening, at) => ({ ...opening, pos: positions[at] ?? 0 }));
  const values = {
    ...eventColumns(writing.events),
    ...dueColumns(due, shards),
    ...laneColumns(lanes, shards),
    ...taskColumns(writing.tasks),
    ...claimColumns(writing.claims),
  };
  const nowMs = timeOf(await session.row<Timed>('write', values));
  const posOf = new Map(lanes.map(({ delivery, pos }) => [delivery.deliveryId, pos]));
  return writing.deliveries.map((opening) => ticketOf(opening, placeOf(opening, posOf, nowMs, shards)));
}

/** Writes events with all that goes with them; the tickets of each. */
export async function writeAll(
  session: Session,
  writings: readonly ReturnType<typeof writingOf>[],
  claims: readonly NewClaim[],
  shards: number,
): Promise<readonly (readonly Ticket[])[]> {
  if (writings.length === 0) return [];
  const writing = {
    events: writings.map(({ event }) => event),
    deliveries: writings.flatMap(({ deliveries }) => deliveries),
    tasks: writings.flatMap(({ tasks }) => tasks),
    claims,
  };
  const tickets = (await write(session, writing, shards)).values();
  return writings.map(({ deliveries }) => tickets.take(deliveries.length).toArray());
}

function ticketOf({ delivery, eventId, kind }: Opening, place: Place): Ticket {
  const { deliveryId, subscriptionId } = delivery;
  return { deliveryId, eventId, subscriptionId, n: 0, kind, place };
}

function placeOf({ delivery }: Opening, posOf: ReadonlyMap<Id, number>, nowMs: number, shards: number): Place {
  const { deliveryId, subscriptionId, delayMs, hold } = delivery;
  const shard = shardOf(subscriptionId, shards);
  if (hold === null) return { kind: 'due', shard, dueMs: nowMs + delayMs };
  return { kind: 'lane', shard, key: hold.key, pos: posOf.get(deliveryId) ?? 0, notBeforeMs: nowMs + delayMs };
}

function eventColumns(events: readonly NewEvent[]): Values {
  return columns(events, {
    event_ids: ({ event }) => event.id,
    event_tenants: ({ event }) => event.tenant,
    event_owners: ({ event }) => event.owner,
    event_types: ({ event }) => event.type,
    event_external_ids: ({ event }) => event.externalId,
    event_ordering_keys: ({ event }) => event.orderingKey,
    event_tags: ({ event }) => JSON.stringify(event.tags),
    event_headers: ({ event }) => JSON.stringify(event.headers),
    event_occurred: ({ event }) => event.occurredAtMs,
    event_accepted: ({ event }) => event.acceptedAtMs,
    event_source_kinds: ({ event }) => event.source.kind,
    event_source_ids: ({ event }) => event.source.id,
    event_config_versions: ({ configVersion }) => configVersion,
    event_targets: ({ targets }) => packTargets(targets.map(targetOf)),
    event_bodies: ({ event }) => event.data,
  });
}

function targetOf({ deliveryId, subscriptionId, subscriptionVersion }: NewDelivery) {
  return [deliveryId, subscriptionId, subscriptionVersion] as const;
}

function dueColumns(due: readonly Opening[], shards: number): Values {
  return columns(due, {
    due_shards: ({ delivery }) => shardOf(delivery.subscriptionId, shards),
    due_delays: ({ delivery }) => delivery.delayMs,
    due_deliveries: ({ delivery }) => delivery.deliveryId,
    due_events: ({ eventId }) => eventId,
    due_subscriptions: ({ delivery }) => delivery.subscriptionId,
    due_flags: ({ kind }) => flagsOf(kind),
  });
}

function laneColumns(held: readonly (Opening & { pos: number })[], shards: number): Values {
  return columns(held, {
    lane_shards: ({ delivery }) => shardOf(delivery.subscriptionId, shards),
    lane_delays: ({ delivery }) => delivery.delayMs,
    lane_deliveries: ({ delivery }) => delivery.deliveryId,
    lane_events: ({ eventId }) => eventId,
    lane_subscriptions: ({ delivery }) => delivery.subscriptionId,
    lane_flags: ({ kind }) => flagsOf(kind),
    lane_keys: ({ delivery }) => delivery.hold?.key ?? '',
    lane_positions: ({ pos }) => pos,
    lane_reasons: ({ delivery }) => delivery.hold?.reason ?? null,
  });
}

function taskColumns(tasks: readonly NewTask[]): Values {
  return columns(tasks, {
    task_shards: ({ shard }) => shard,
    task_delays: ({ delayMs }) => delayMs,
    task_ids: ({ id }) => id,
    task_tenants: ({ tenant }) => tenant,
    task_kinds: ({ kind }) => kind,
    task_refs: ({ ref }) => ref,
    task_ns: ({ n }) => n,
    task_payloads: ({ payload }) => payload,
  });
}

function claimColumns(claims: readonly NewClaim[]): Values {
  return columns(claims, {
    claim_tenants: ({ tenant }) => tenant,
    claim_scopes: ({ claim }) => claim.scope,
    claim_keys: ({ claim }) => claim.key,
    claim_hashes: ({ claim }) => claim.bodyHash,
    claim_answers: ({ claim }) => claim.answer,
  });
}
