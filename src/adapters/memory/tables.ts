/** What the memory store knows. Every value in here is the store's own: copied on the way in and on the way out. */
import type { AttemptRecord } from '../../core/attempt.ts';
import type { Id } from '../../core/ids.ts';
import type {
  DeliveryKind,
  IdempotencyClaim,
  KeyRow,
  LaneState,
  Lease,
  SourceRow,
  StoredEvent,
  StoredReceipt,
  SubscriptionRow,
  Task,
  Ticket,
} from '../../ports/store.ts';
import type { Ordered } from './ordered.ts';
import { compareText, createOrdered } from './ordered.ts';

export interface Delivery {
  deliveryId: Id;
  tenant: Id;
  eventId: Id;
  subscriptionId: Id;
  kind: DeliveryKind;
  /** The delivery it repeats. */
  of: Id | null;
  /** null once closed. */
  ticket: Ticket | null;
  /** By number of the try, ascending. */
  attempts: AttemptRecord[];
}

export interface Lane {
  state: LaneState;
  items: Ordered<LaneKey, Ticket>;
}

export interface LaneKey {
  key: string;
  pos: number;
}

/** Order of the due index and of tasks. */
export interface DueKey {
  dueMs: number;
  id: Id;
}

export interface SubscriptionTable {
  row: SubscriptionRow;
  /** Sealed configurations; version 1 stands first. */
  versions: Uint8Array[];
  deleted: boolean;
}

export interface KeptClaim extends IdempotencyClaim {
  atMs: number;
}

export interface HeldLease extends Lease {
  owner: Id;
  released: boolean;
}

export interface Tables {
  shards: number;
  /** Engine time in whole milliseconds. */
  nowMs(): number;
  configVersions: Map<Id, number>;
  subscriptions: Map<Id, SubscriptionTable>;
  sources: Map<Id, SourceRow>;
  keys: Map<Id, KeyRow>;
  claims: Map<string, KeptClaim>;
  events: Ordered<Id, StoredEvent>;
  deliveries: Ordered<Id, Delivery>;
  /** By shard. */
  due: readonly Ordered<DueKey, Ticket>[];
  /** By shard. */
  tasks: readonly Ordered<DueKey, Task>[];
  /** By subscription. */
  lanes: Map<Id, Lane>;
  /** All that waits in lanes, by shard and then by position. */
  parked: readonly Ordered<number, Ticket>[];
  /** Position of the item that went into a lane last. */
  lastPos: number;
  leases: Map<number, HeldLease>;
  /** Until when each process said that it takes part in the leases. */
  nodes: Map<Id, number>;
  /** Those of them whose process is known to live. */
  living: Set<Id>;
  /** Times noted, by delivery and number of the try. */
  intents: Map<Id, Map<number, number>>;
  receipts: Ordered<Id, StoredReceipt>;
  /** The receipt that holds a dedupe key, and until when; null for ever. */
  dedupes: Map<string, { receiptId: Id; untilMs: number | null }>;
}

export function createTables(shards: number, nowMs: () => number): Tables {
  return {
    shards,
    nowMs: () => Math.floor(nowMs()),
    configVersions: new Map(),
    subscriptions: new Map(),
    sources: new Map(),
    keys: new Map(),
    claims: new Map(),
    events: createOrdered(compareText),
    deliveries: createOrdered(compareText),
    due: Array.from({ length: shards }, () => createOrdered(compareDue)),
    tasks: Array.from({ length: shards }, () => createOrdered(compareDue)),
    lanes: new Map(),
    parked: Array.from({ length: shards }, () => createOrdered((a: number, b: number) => a - b)),
    lastPos: 0,
    leases: new Map(),
    nodes: new Map(),
    living: new Set(),
    intents: new Map(),
    receipts: createOrdered(compareText),
    dedupes: new Map(),
  };
}

/** An empty lane in the given state. */
export function createLane(state: LaneState): Lane {
  return { state, items: createOrdered(compareLane) };
}

function compareDue(a: DueKey, b: DueKey): number {
  return a.dueMs - b.dueMs || compareText(a.id, b.id);
}

function compareLane(a: LaneKey, b: LaneKey): number {
  return compareText(a.key, b.key) || a.pos - b.pos;
}

/** The due index or the tasks of one shard; a shard that does not exist is a bug of the caller. */
export function onShard<T>(shards: readonly T[], shard: number): T {
  const found = shards[shard];
  if (found === undefined) throw new RangeError(`no shard ${shard}`);
  return found;
}
