/**
 * Fills a data directory before Hookyard starts on it, through the store itself: what would take a hundred thousand
 * requests is there within seconds, and the server finds it as its own. A process, so that its memory is not measured.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '../src/adapters/clock.ts';
import { createSealer, openKeyring } from '../src/adapters/keyring.ts';
import { createMac } from '../src/adapters/mac.ts';
import { openPostgresStore } from '../src/adapters/postgres/store.ts';
import { createRandom } from '../src/adapters/random.ts';
import { openSqliteStore } from '../src/adapters/sqlite/store.ts';
import { deliveryIdFor, type Id, idAt } from '../src/core/ids.ts';
import { completeSubscription } from '../src/core/subscription-input.ts';
import { keyRow } from '../src/flows/keys.ts';
import { sealSubscription } from '../src/flows/sealed-configuration.ts';
import type { AppendRequest, ConfigChange, Log, Ports, Store } from '../src/ports.ts';
import { answerParent } from './child.ts';
import { copyHeldEvent, copySubscription } from './copies.ts';
import { stampedData } from './event.ts';
import { withClient } from './postgres.ts';

export interface Plot {
  /** For the keyring, and for the database unless it is elsewhere. */
  dataDirectory: string;
  /** Of a PostgreSQL instead. */
  databaseUrl?: string;
  keys: readonly { tenant: Id; secret: string }[];
  subscriptions: readonly SeedSubscription[];
  backlog: Backlog | null;
}

export interface SeedSubscription {
  tenant: Id;
  url: string;
  /** The one event type it wants. */
  eventType: string;
  timeoutMs: number;
  maxConcurrency: number;
}

/** Events accepted in the past, each with one delivery that is still open and held in its subscription's lane. */
export interface Backlog {
  /** Which of the subscriptions, from 0. */
  subscription: number;
  events: number;
}

export interface Seeded {
  /** In the order of the plot. */
  subscriptionIds: readonly Id[];
  tookMs: number;
}

export type Seeder = { seed(plot: Plot): Promise<Seeded> };

/** Written together; the store's largest batch is about as large. */
const CHUNK = 500;
const QUIET: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const random = createRandom();
const mac = createMac();

async function seed(plot: Plot): Promise<Seeded> {
  const startedMs = performance.now();
  const keyring = openKeyring(join(plot.dataDirectory, 'keyring.json'));
  if (keyring.kind === 'unusable') throw new Error(keyring.reason);
  const store = await openStore(plot);
  try {
    for (const { tenant, secret } of plot.keys) await configure(store, tenant, keyChange(tenant, secret));
    const subscriptionIds = await plantAll(store, plot, createSealer(keyring.keyring));
    return { subscriptionIds, tookMs: performance.now() - startedMs };
  } finally {
    await store.close();
  }
}

async function openStore({ dataDirectory, databaseUrl }: Plot): Promise<Store> {
  if (databaseUrl !== undefined) return (await openPostgresStore({ url: databaseUrl, log: QUIET })).store;
  const opened = await openSqliteStore({ directory: dataDirectory, log: QUIET });
  if (opened.kind === 'locked') throw new Error(`${opened.path} is locked`);
  return opened.store;
}

/** Subscriptions and backlog; on PostgreSQL the first of each through the store, the others as copies of its rows. */
async function plantAll(store: Store, plot: Plot, sealer: Ports['sealer']): Promise<readonly Id[]> {
  const { databaseUrl, subscriptions, backlog } = plot;
  if (databaseUrl === undefined) {
    const ids = await subscribeAll(store, sealer, subscriptions);
    if (backlog !== null) await append(store, plot, ids, backlog);
    return ids;
  }
  const [first = ''] = await subscribeAll(store, sealer, subscriptions.slice(0, 1));
  const others = subscriptions.slice(1).map((subscription) => ({ subscription, id: freshId() }));
  const ids = [first, ...others.map(({ id }) => id)];
  return withClient(databaseUrl, async (client) => {
    const sealed = others.map(({ subscription, id }) => ({ id, config: sealedConfig(sealer, id, subscription) }));
    await copySubscription(client, first, sealed);
    if (backlog !== null) {
      const [event = ''] = await append(store, plot, ids, { ...backlog, events: 1 });
      await copyHeldEvent(client, event, backlog.events - 1);
    }
    await client.query('vacuum analyze');
    return ids;
  });
}

function keyChange(tenant: Id, secret: string): ConfigChange {
  const request = { tenant, name: 'bench', role: 'admin', expiresAtMs: null } as const;
  return { kind: 'put_key', key: keyRow({ clock: systemClock, random, mac }, request, secret) };
}

async function subscribeAll(
  store: Store,
  sealer: Ports['sealer'],
  subscriptions: readonly SeedSubscription[],
): Promise<Id[]> {
  const ids = subscriptions.map(freshId);
  await inChunks(subscriptions.length, (nth) => {
    const subscription = subscriptions[nth];
    const id = ids[nth];
    if (subscription === undefined || id === undefined) return Promise.resolve();
    return configure(store, subscription.tenant, subscriptionChange(sealer, id, subscription));
  });
  return ids;
}

function subscriptionChange(sealer: Ports['sealer'], id: Id, subscription: SeedSubscription): ConfigChange {
  const config = sealedConfig(sealer, id, subscription);
  return { kind: 'put_subscription', id, config, createdBy: null, version: null };
}

function sealedConfig(sealer: Ports['sealer'], id: Id, subscription: SeedSubscription): Uint8Array {
  const { tenant, url, eventType, timeoutMs, maxConcurrency } = subscription;
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const completed = completeSubscription(
    {
      name: eventType,
      url,
      profile: 'standard',
      authType: 'signature',
      signatureSecret: secret,
      events: [eventType],
      timeout: timeoutMs,
      maxConcurrency,
    },
    () => secret,
  );
  if (completed.kind === 'invalid') throw new Error(JSON.stringify(completed.errors));
  return sealSubscription({ sealer }, tenant, id, completed.config);
}

async function configure(store: Store, tenant: Id, change: ConfigChange): Promise<void> {
  const outcome = await store.configure({ tenant, change, claims: [] });
  if (outcome.kind !== 'changed') throw new Error(`${change.kind} was answered ${outcome.kind}`);
}

/** The ids of the events. */
async function append(
  store: Store,
  { subscriptions }: Plot,
  ids: readonly Id[],
  backlog: Backlog,
): Promise<readonly Id[]> {
  const subscription = subscriptions[backlog.subscription];
  const id = ids[backlog.subscription];
  if (subscription === undefined || id === undefined) throw new Error('the backlog has no subscription');
  const configVersion = await store.configVersion(subscription.tenant);
  const data = Buffer.from(stampedData);
  const events: Id[] = [];
  await inChunks(backlog.events, async () => {
    const held = heldEvent(subscription, id, data);
    events.push(held.event.id);
    const outcome = await store.append({ ...held, configVersion, claims: [] });
    if (outcome.kind !== 'appended') throw new Error(`an append was answered ${outcome.kind}`);
  });
  return events;
}

function heldEvent(
  { tenant, eventType }: SeedSubscription,
  subscriptionId: Id,
  data: Uint8Array,
): Pick<AppendRequest, 'event' | 'deliveries'> {
  const id = freshId();
  const nowMs = systemClock.nowMs();
  const event = {
    id,
    tenant,
    type: eventType,
    owner: null,
    externalId: null,
    orderingKey: null,
    tags: [],
    headers: {},
    occurredAtMs: nowMs,
    acceptedAtMs: nowMs,
    source: { kind: 'api', id: null } as const,
    data,
  };
  const deliveryId = deliveryIdFor(id, subscriptionId, mac.sha256);
  const hold = { reason: 'circuit', key: '' } as const;
  return { event, deliveries: [{ deliveryId, subscriptionId, subscriptionVersion: 1, delayMs: 0, hold }] };
}

function freshId(): Id {
  return idAt(systemClock.nowMs(), random.bytes(16));
}

async function inChunks(count: number, work: (nth: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += CHUNK) {
    await Promise.all(Array.from({ length: Math.min(CHUNK, count - from) }, (_, nth) => work(from + nth)));
  }
}

answerParent({ seed } satisfies Seeder);
