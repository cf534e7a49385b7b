/**
 * A fair line-up of work: each subscription has its own short queue and its own cap of work in flight, and turns go
 * round among the subscriptions that may start something. One slow receiver fills its own queue and nobody else's.
 * The state is changed in place because it is on the path of every delivery; nothing here reads a clock or rolls dice.
 */
import type { Id } from './ids.ts';

interface Queue<Item> {
  items: Item[];
  /** Index of the first item still waiting. */
  head: number;
  inFlight: number;
  cap: number;
  /** Whether it stands in the ring. */
  inRing: boolean;
}

export interface Lineup<Item> {
  queues: Map<Id, Queue<Item>>;
  ring: Id[];
  ringHead: number;
  queued: number;
  inFlight: number;
}

export interface LineupLimits {
  /** Items a subscription may always queue. */
  perSubscription: number;
  /** While fewer items than this wait in all, a queue may be longer than `perSubscription`. */
  spare: number;
  /** Work in flight over all subscriptions. */
  maxInFlight: number;
}

/** An empty line-up. */
export function createLineup<Item>(): Lineup<Item> {
  return { queues: new Map(), ring: [], ringHead: 0, queued: 0, inFlight: 0 };
}

/** Whether another item of this subscription finds room. */
export function hasRoom(lineup: Lineup<unknown>, limits: LineupLimits, id: Id): boolean {
  return lineup.queued < limits.spare || waiting(lineup, id) < limits.perSubscription;
}

/** Items of a subscription that wait. */
export function waiting(lineup: Lineup<unknown>, id: Id): number {
  const queue = lineup.queues.get(id);
  return queue === undefined ? 0 : queue.items.length - queue.head;
}

/** Adds an item at the end of its subscription's queue. */
export function push<Item>(lineup: Lineup<Item>, id: Id, item: Item, cap: number): void {
  let queue = lineup.queues.get(id);
  if (queue === undefined) {
    queue = { items: [], head: 0, inFlight: 0, cap, inRing: false };
    lineup.queues.set(id, queue);
  }
  queue.cap = cap;
  queue.items.push(item);
  lineup.queued++;
  enterRing(lineup, id, queue);
}

/** Takes the next item whose turn it is, or null when nothing may start. Its slot is held until `finish`. */
export function take<Item>(lineup: Lineup<Item>, limits: LineupLimits): { id: Id; item: Item } | null {
  if (lineup.inFlight >= limits.maxInFlight) return null;
  const id = lineup.ring[lineup.ringHead];
  const queue = id === undefined ? undefined : lineup.queues.get(id);
  if (id === undefined || queue === undefined) return null;
  lineup.ringHead++;
  compactRing(lineup);
  queue.inRing = false;
  const item = queue.items[queue.head] as Item;
  queue.head++;
  compactQueue(queue);
  queue.inFlight++;
  lineup.queued--;
  lineup.inFlight++;
  enterRing(lineup, id, queue);
  return { id, item };
}

/** Gives back the slot of an item that was taken. */
export function finish(lineup: Lineup<unknown>, id: Id): void {
  const queue = lineup.queues.get(id);
  if (queue === undefined) return;
  queue.inFlight--;
  lineup.inFlight--;
  if (queue.inFlight === 0 && queue.items.length === queue.head) lineup.queues.delete(id);
  else enterRing(lineup, id, queue);
}

/** Drops everything that waits; what is in flight stays. Returns the items. */
export function clear<Item>(lineup: Lineup<Item>): Item[] {
  const dropped: Item[] = [];
  for (const [id, queue] of lineup.queues) {
    dropped.push(...queue.items.slice(queue.head));
    queue.items = [];
    queue.head = 0;
    queue.inRing = false;
    if (queue.inFlight === 0) lineup.queues.delete(id);
  }
  lineup.queued = 0;
  lineup.ring = [];
  lineup.ringHead = 0;
  return dropped;
}

function enterRing<Item>(lineup: Lineup<Item>, id: Id, queue: Queue<Item>): void {
  if (queue.inRing || queue.inFlight >= queue.cap || queue.items.length === queue.head) return;
  queue.inRing = true;
  lineup.ring.push(id);
}

const COMPACT_AT = 1024;

function compactRing(lineup: Lineup<unknown>): void {
  if (lineup.ringHead < COMPACT_AT && lineup.ringHead < lineup.ring.length) return;
  lineup.ring.splice(0, lineup.ringHead);
  lineup.ringHead = 0;
}

function compactQueue(queue: Queue<unknown>): void {
  if (queue.head < COMPACT_AT && queue.head < queue.items.length) return;
  queue.items.splice(0, queue.head);
  queue.head = 0;
}
