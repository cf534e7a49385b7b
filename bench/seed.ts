/**
 * Fills a data directory before Hookyard starts on it, through the store itself: what would take a hundred thousand
 * requests is there within seconds, and the server finds it as its own. A process, so that its memory is not measured.
 */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { systemClock } from '../src/adapters/clock.ts';
import { createSealer, openKeyring } from '../src/adapters/keyring.ts';
import { createMac } from '../src/adapters/mac.ts';
import { createRandom } from '../src/adapters/random.ts';
import { openSqliteStore } from '../src/adapters/sqlite/store.ts';
import { deliveryIdFor, type Id, idAt } from '../src/core/ids.ts';
import { completeSubscription } from '../src/core/subscription-input.ts';
import { keyRow } from '../src/flows/keys.ts';
import { sealSubscription } from '../src/flows/sealed-configuration.ts';
import type { AppendRequest, ConfigChange, Log, Ports, Store } from '../src/ports.ts';
import { answerParent } from './child.ts';
import { stampedData } from './event.ts';

export interface Plot {
  dataDirectory: string;
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
  const opened = await openSqliteStore({ directory: plot.dataDirectory, log: QUIET });
  if (opened.kind === 'locked') throw new Error(`${opened.path} is locked`);
  const { store } = opened;
  try {
    for (const { tenant, secret } of plot.keys) await configure(store, tenant, keyChange(tenant, secret));
    const subscriptionIds = await subscribeAll(store, createSealer(keyring.keyring), plot.subscriptions);
    if (plot.backlog !== null) await append(store, plot, subscriptionIds, plot.backlog);
    return { subscriptionIds, tookMs: performance.now() - startedMs };
  } finally {
    await store.close();
  }
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
  const config = sealSubscription({ sealer }, tenant, id, completed.config);
  return { kind: 'put_subscription', id, config, createdBy: null, version: null };
}

async function configure(store: Store, tenant: Id, change: ConfigChange): Promise<void> {
  const outcome = await store.configure({ tenant, change, claims: [] });
  if (outcome.kind !== 'changed') throw new Error(`${change.kind} was answered ${outcome.kind}`);
}

async function append(store: Store, { subscriptions }: Plot, ids: readonly Id[], backlog: Backlog): Promise<void> {
  const subscription = subscriptions[backlog.subscription];
  const id = ids[backlog.subscription];
  if (subscription === undefined || id === undefined) throw new Error('the backlog has no subscription');
  const configVersion = await store.configVersion(subscription.tenant);
  const data = Buffer.from(stampedData);
  await inChunks(backlog.events, async () => {
    const outcome = await store.append({ ...heldEvent(subscription, id, data), configVersion, claims: [] });
    if (outcome.kind !== 'appended') throw new Error(`an append was answered ${outcome.kind}`);
  });
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
