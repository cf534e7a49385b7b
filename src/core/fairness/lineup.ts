/** The records of a line-up. They are changed in place: they are on the path of every delivery. */
import { type Chain, createChain, type Link } from '../chain.ts';
import type { Id } from '../ids.ts';
import { createTimeline, type Timeline } from '../timeline.ts';

export interface LineupLimits {
  /** Items a subscription may always queue while bytes allow it. */
  perSubscription: number;
  /** While fewer items than this wait in all, a queue may be longer than `perSubscription`. */
  spare: number;
  /** Bodies of what waits, over all subscriptions. */
  maxQueuedBytes: number;
  /** Tries in flight over all subscriptions that are younger than `slowAfterMs`. */
  maxInFlight: number;
  /** With this many slow tries in flight, a subscription that has one of them starts no other. */
  maxSlow: number;
  /** Tries in flight over everything, slow ones included. */
  maxSockets: number;
  /**
   * Large bodies of tries in flight that are not slow; with the slow ones, four times as many. One may always go when
   * none is in flight.
   */
  maxBytesInFlight: number;
  /** A try out for this long is slow. */
  slowAfterMs: number;
}

/** One piece of work. `id` is its subscription; `bytes` what it holds in memory while it waits and is in flight. */
export interface Entry<Item> {
  id: Id;
  tenant: Id;
  retry: boolean;
  bytes: number;
  item: Item;
}

/** An entry with its place: in its queue, then in flight until it is finished. */
export interface Taken<Item> extends Link<Taken<Item>> {
  readonly entry: Entry<Item>;
  readonly subscriber: Subscriber<Item>;
  phase: 'waiting' | 'young' | 'slow' | 'done';
  startedAtMs: number;
}

/** What waits of one class of one subscription. It stands in its tenant's turn while something of it may start. */
export interface Queue<Item> extends Link<Queue<Item>> {
  readonly subscriber: Subscriber<Item>;
  readonly items: Chain<Taken<Item>>;
}

/** A subscription. It stands in a chain only while the share of the others keeps it back. */
export interface Subscriber<Item> extends Link<Subscriber<Item>> {
  readonly id: Id;
  /** null until something of it was queued. */
  tenant: Tenant<Item> | null;
  /** null until something of the class was queued. */
  firsts: Queue<Item> | null;
  retries: Queue<Item> | null;
  queued: number;
  inFlight: number;
  /** Of these, out for longer than `slowAfterMs`. */
  slow: number;
  cap: number;
  notBeforeMs: number;
  /** Its entry in the timeline of holds; Infinity for none. An entry at another time is void. */
  armedAtMs: number;
  /** Whether the timeline of leavers has it. */
  leaving: boolean;
}

/** The turn of a tenant in one class: its queues go round within it. */
export interface TenantTurn<Item> extends Link<TenantTurn<Item>> {
  readonly queues: Chain<Queue<Item>>;
  /** The deficit of deficit round robin: what passed turns paid towards the next item. */
  credit: number;
}

export interface Tenant<Item> {
  readonly id: Id;
  readonly firsts: TenantTurn<Item>;
  readonly retries: TenantTurn<Item>;
  /** Subscriptions known of it. */
  subscribers: number;
}

/** First tries, or retries. */
export interface Class<Item> {
  /** Tenants with something that may start. */
  readonly turns: Chain<TenantTurn<Item>>;
  /** Tries in flight that are not slow. */
  young: number;
}

export interface Lineup<Item> {
  readonly limits: LineupLimits;
  readonly subscribers: Map<Id, Subscriber<Item>>;
  readonly tenants: Map<Id, Tenant<Item>>;
  readonly firsts: Class<Item>;
  readonly retries: Class<Item>;
  /** Turns given since the retries had theirs, counted while both classes wait. */
  firstsInRow: number;
  /** Tries in flight that are not slow, in the order they started. */
  readonly young: Chain<Taken<Item>>;
  /** Subscriptions the share of the others keeps back. They are looked at in turn. */
  readonly keptBack: Chain<Subscriber<Item>>;
  /** Subscriptions that wait for nothing but a time. */
  readonly holds: Timeline<Subscriber<Item>>;
  /** Subscriptions with nothing to do, remembered only until their hold is over. */
  readonly leavers: Timeline<Subscriber<Item>>;
  /** The latest time heard of. */
  nowMs: number;
  queued: number;
  queuedBytes: number;
  inFlight: number;
  slow: number;
  /** Large bodies in flight, of tries that are not slow and of those that are. */
  youngBytes: number;
  slowBytes: number;
  /** Whether the last look at those kept back did not come round. */
  unseen: boolean;
}

/** An empty line-up. */
export function createLineup<Item>(limits: LineupLimits): Lineup<Item> {
  return {
    limits,
    subscribers: new Map(),
    tenants: new Map(),
    firsts: { turns: createChain(), young: 0 },
    retries: { turns: createChain(), young: 0 },
    firstsInRow: 0,
    young: createChain(),
    keptBack: createChain(),
    holds: createTimeline(),
    leavers: createTimeline(),
    nowMs: Number.NEGATIVE_INFINITY,
    queued: 0,
    queuedBytes: 0,
    inFlight: 0,
    slow: 0,
    youngBytes: 0,
    slowBytes: 0,
    unseen: false,
  };
}

/** The record of a subscription; made when there is none. */
export function subscriberOf<Item>(lineup: Lineup<Item>, id: Id): Subscriber<Item> {
  const known = lineup.subscribers.get(id);
  if (known !== undefined) return known;
  const subscriber = createSubscriber<Item>(id);
  lineup.subscribers.set(id, subscriber);
  return subscriber;
}

/** Counts a subscription among those of its tenant. */
export function joinTenant<Item>(lineup: Lineup<Item>, subscriber: Subscriber<Item>, id: Id): void {
  let tenant = lineup.tenants.get(id);
  if (tenant === undefined) {
    tenant = { id, firsts: createTurn(), retries: createTurn(), subscribers: 0 };
    lineup.tenants.set(id, tenant);
  }
  tenant.subscribers++;
  subscriber.tenant = tenant;
}

/** Drops the record of a subscription, and that of its tenant with its last one. */
export function forget<Item>(lineup: Lineup<Item>, subscriber: Subscriber<Item>): void {
  lineup.subscribers.delete(subscriber.id);
  const { tenant } = subscriber;
  if (tenant === null) return;
  tenant.subscribers--;
  if (tenant.subscribers === 0) lineup.tenants.delete(tenant.id);
}

function createSubscriber<Item>(id: Id): Subscriber<Item> {
  return {
    chain: null,
    before: null,
    after: null,
    id,
    tenant: null,
    firsts: null,
    retries: null,
    queued: 0,
    inFlight: 0,
    slow: 0,
    cap: 0,
    notBeforeMs: Number.NEGATIVE_INFINITY,
    armedAtMs: Number.POSITIVE_INFINITY,
    leaving: false,
  };
}

function createTurn<Item>(): TenantTurn<Item> {
  return { chain: null, before: null, after: null, queues: createChain(), credit: 0 };
}

/** The queue of a class of a subscription; made when there is none. */
export function queueOf<Item>(subscriber: Subscriber<Item>, retry: boolean): Queue<Item> {
  const known = retry ? subscriber.retries : subscriber.firsts;
  if (known !== null) return known;
  const queue: Queue<Item> = { chain: null, before: null, after: null, subscriber, items: createChain() };
  if (retry) subscriber.retries = queue;
  else subscriber.firsts = queue;
  return queue;
}
