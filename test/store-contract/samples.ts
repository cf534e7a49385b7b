/** Small, complete objects for the contract; what a test is about it says itself. */
import { createHash } from 'node:crypto';
import type { AttemptRecord } from '../../src/core/attempt.ts';
import type { HookEvent } from '../../src/core/event.ts';
import type { ReadFact } from '../../src/core/fact.ts';
import type { Id } from '../../src/core/ids.ts';
import { deliveryIdFor, idAt, shardOf } from '../../src/core/ids.ts';
import type { Receipt } from '../../src/core/receipt.ts';
import type {
  ConfigureOutcome,
  Health,
  Hold,
  IdempotencyClaim,
  LaneState,
  NewDelivery,
  ReadLimits,
  ReceiptRequest,
  Settlement,
  StateChange,
  Store,
  Ticket,
  Tickets,
} from '../../src/ports/store.ts';

export const BASE_MS = Date.UTC(2026, 2, 1);
let made = 0;

/** A fresh id; later ids are greater, and their last byte runs through all values. */
export function newId(atMs: number = BASE_MS + made): Id {
  made += 1;
  const random = new Uint8Array(16);
  new DataView(random.buffer).setUint32(12, made);
  random[6] = (made >> 8) & 0x7f;
  random[7] = made & 0xff;
  return idAt(atMs, random);
}

/** A fresh id whose shard is `shard` of `shards`. */
export function newIdOnShard(shard: number, shards: number): Id {
  for (;;) {
    const id = newId();
    if (shardOf(id, shards) === shard) return id;
  }
}

export const TENANT = newId();
export const OTHER_TENANT = newId();

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(raw: Uint8Array | null | undefined): string {
  return new TextDecoder().decode(raw ?? new Uint8Array());
}

export function sha256(of: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(of).digest());
}

export function anEvent(changes: Partial<HookEvent> = {}): HookEvent {
  const id = changes.id ?? newId();
  return {
    id,
    tenant: TENANT,
    type: 'image.pushed',
    owner: null,
    externalId: null,
    orderingKey: null,
    tags: [],
    headers: {},
    occurredAtMs: BASE_MS,
    acceptedAtMs: BASE_MS,
    source: { kind: 'api', id: null },
    data: bytes(`{"of":"${id}"}`),
    ...changes,
  };
}

/** The first delivery of `event` to a subscription, due at once. */
export function aDelivery(event: HookEvent, subscriptionId: Id, changes: Partial<NewDelivery> = {}): NewDelivery {
  return {
    deliveryId: deliveryIdFor(event.id, subscriptionId, sha256),
    subscriptionId,
    subscriptionVersion: 1,
    delayMs: 0,
    hold: null,
    ...changes,
  };
}

/** A delivery of its own id, as a person makes it. */
export function aRepeat(subscriptionId: Id, changes: Partial<NewDelivery> = {}): NewDelivery {
  return { deliveryId: newId(), subscriptionId, subscriptionVersion: 1, delayMs: 0, hold: null, ...changes };
}

export function aClaim(key: string, changes: Partial<IdempotencyClaim> = {}): IdempotencyClaim {
  return { scope: 'POST /events', key, bodyHash: sha256('body'), answer: bytes('first answer'), ...changes };
}

/** The try after those `ticket` has behind it: one 503 unless `changes` say otherwise. */
export function aTry(ticket: Ticket, changes: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    deliveryId: ticket.deliveryId,
    n: ticket.n + 1,
    eventId: ticket.eventId,
    subscriptionId: ticket.subscriptionId,
    subscriptionVersion: 1,
    tenant: TENANT,
    atMs: BASE_MS + 5,
    sent: true,
    delivered: false,
    statusCode: 503,
    failure: 'http_5xx',
    responseTimeMs: 12,
    closes: null,
    detail: {
      envelopeAtMs: BASE_MS,
      sequence: null,
      phases: { dns: 1, connect: 2.5, tls: null, send: 0.1, firstByte: 8, total: 12 },
      connection: { remoteAddress: '192.0.2.1', reused: true, httpVersion: '1.1' },
      facts: { host: 'receiver.example' },
      responseHeaders: { server: 'sample' },
      responseBody: bytes('try later'),
      responseTruncated: false,
      responseLength: 9,
      mayRepeat: false,
    },
    ...changes,
  };
}

export function succeeding(ticket: Ticket): Settlement {
  const attempt = aTry(ticket, { delivered: true, statusCode: 204, failure: null, closes: 'succeeded' });
  return { ticket, attempt, next: { kind: 'close' } };
}

/** Closes without a delivery, as an exhausted, cancelled or aged-out delivery does. */
export function giving(ticket: Ticket, closes: 'failed_permanent' | 'cancelled' | 'expired'): Settlement {
  const attempt = aTry(ticket, { closes });
  if (closes === 'failed_permanent') return { ticket, attempt, next: { kind: 'close' } };
  const detail = { ...attempt.detail, phases: null, connection: null };
  return { ticket, attempt: { ...attempt, sent: false, detail }, next: { kind: 'close' } };
}

export function retrying(ticket: Ticket, delayMs: number): Settlement {
  return { ticket, attempt: aTry(ticket), next: { kind: 'retry', delayMs } };
}

/** Parks without a try. */
export function parking(ticket: Ticket, hold: Hold, delayMs = 0): Settlement {
  return { ticket, attempt: null, next: { kind: 'park', hold, delayMs } };
}

export function aHealth(changes: Partial<Health> = {}): Health {
  return {
    consecutiveFailures: 0,
    firstFailureAtMs: null,
    toldPercent: 0,
    lastDeliveryAtMs: null,
    lastStatusCode: null,
    lastSuccessAtMs: null,
    lastFailureAtMs: null,
    ...changes,
  };
}

export function aReceipt(sourceId: Id, changes: Partial<Receipt> = {}): Receipt {
  return {
    id: newId(),
    tenant: TENANT,
    sourceId,
    receivedAtMs: BASE_MS,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: bytes('{"image":"sample"}'),
    verdict: { ok: true, scheme: 'none', reason: null },
    outcome: 'processed',
    reason: null,
    duplicateOf: null,
    bodyDiffers: false,
    redeliveryOf: null,
    remoteAddress: null,
    proof: null,
    revision: 0,
    ...changes,
  };
}

export const FACT: ReadFact = {
  fact: {
    kind: 'image.push',
    registry: 'registry.example',
    repository: 'team/app',
    tag: '1.4.0',
    digest: null,
    timeMs: null,
    timeSource: 'received',
    actor: null,
    origin: 'user',
  },
  provenance: { repository: '/image', tag: '/image' },
};

export function recording(receipt: Receipt, changes: Partial<ReceiptRequest> = {}): ReceiptRequest {
  return { receipt, facts: [], events: [], dedupe: null, replay: null, configVersion: 0, maxRejected: 100, ...changes };
}

/** Only the element there is; fails when there are none or several. */
export function only<T>(items: readonly T[]): T {
  const [first] = items;
  if (first === undefined || items.length !== 1) throw new Error(`expected one, got ${items.length}`);
  return first;
}

/** Makes a subscription in the state it is born in and returns its id. */
export async function subscribed(store: Store, id: Id = newId(), tenant: Id = TENANT): Promise<Id> {
  const change = { kind: 'put_subscription', id, config: bytes('config 1'), createdBy: null, version: null } as const;
  const outcome = await store.configure({ tenant, change, claims: [] });
  if (outcome.kind !== 'changed') throw new Error(`not made: ${outcome.kind}`);
  return id;
}

/** The next version of a subscription, alike but for its state. */
export async function entering(
  store: Store,
  id: Id,
  state: StateChange,
  tenant: Id = TENANT,
): Promise<ConfigureOutcome & { kind: 'changed' }> {
  const row = (await store.configuration(tenant)).subscriptions.find((one) => one.id === id);
  if (row === undefined) throw new Error('the subscription is not there');
  const { config, createdBy, version } = row;
  const change = { kind: 'put_subscription', id, config, createdBy, version, state } as const;
  const outcome = await store.configure({ tenant, change, claims: [] });
  if (outcome.kind !== 'changed') throw new Error(`not changed: ${outcome.kind}`);
  return outcome;
}

/** Appends an event decided on the configuration as it stands; returns its tickets. */
export async function published(
  store: Store,
  event: HookEvent,
  deliveries: readonly NewDelivery[],
): Promise<readonly Ticket[]> {
  const configVersion = await store.configVersion(event.tenant);
  const outcome = await store.append({ event, deliveries, configVersion, claims: [] });
  if (outcome.kind !== 'appended') throw new Error(`not appended: ${outcome.kind}`);
  return outcome.tickets;
}

/** One event for one subscription; its only ticket. */
export async function publishedTo(
  store: Store,
  subscriptionId: Id,
  changes: Partial<NewDelivery> = {},
): Promise<Ticket> {
  const event = anEvent();
  return only(await published(store, event, [aDelivery(event, subscriptionId, changes)]));
}

/** Settles one outcome; the ticket that stays open, null when closed. */
export async function settledAs(store: Store, settlement: Settlement): Promise<Ticket | null> {
  const outcome = only(await store.settle({ settlements: [settlement], health: new Map() }));
  if (outcome.kind !== 'settled') throw new Error('the settlement was lost');
  return outcome.ticket;
}

/** The ticket that stays open after `settlement`. */
export async function reopened(store: Store, settlement: Settlement): Promise<Ticket> {
  const ticket = await settledAs(store, settlement);
  if (ticket === null) throw new Error('the delivery is closed');
  return ticket;
}

/** Limits of a read; without `bytes` its events may weigh what they like. */
export function upTo(tickets: number, bytes = Number.MAX_SAFE_INTEGER): ReadLimits {
  return { tickets, bytes };
}

/** All that is due on `shard` by now. */
export function claimed(store: Store, shard = 0, limit = 1000): Promise<Tickets> {
  return store.claim([{ shard, after: null }], upTo(limit));
}

export function idsOf(tickets: Tickets | readonly Ticket[]): readonly Id[] {
  return ('tickets' in tickets ? tickets.tickets : tickets).map((ticket) => ticket.deliveryId);
}

export async function engineMs(store: Store): Promise<number> {
  return (await store.pulse()).nowMs;
}

/** The state of a subscription's lane, undefined when it has none. */
export async function laneOf(store: Store, subscriptionId: Id): Promise<LaneState | undefined> {
  const lanes = await store.lanes([shardOf(subscriptionId, store.shards)]);
  return lanes.find((lane) => lane.subscriptionId === subscriptionId);
}
