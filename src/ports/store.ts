/**
 * The store as the flows and the worker see it. Nothing here is shaped like one engine. The meaning of every line is
 * fixed by the contract tests in `test/store-contract/`, which run on each adapter; their names (A1, L1, …) are those
 * of `docs/architecture.md`.
 *
 * While a store is away, every method rejects with the error that `core/store-away.ts` knows; whether what was to be
 * written was written is then unknown. Every other rejection is a bug.
 *
 * Times are integer milliseconds. Delays are relative: the engine's clock stamps what is due (A4).
 */
import type { AttemptRecord } from '../core/attempt.ts';
import type { HookEvent } from '../core/event.ts';
import type { Health } from '../core/health.ts';
import type { Id } from '../core/ids.ts';
import type {
  AppendOutcome,
  AppendRequest,
  BatchAppend,
  BatchOutcome,
  IdempotencyClaim,
  ReceiptOutcome,
  ReceiptRequest,
  ReceiptRevision,
  RedeliveryOutcome,
  RedeliveryRequest,
  RevisionOutcome,
} from './appends.ts';
import type { Configuration, ConfigureOutcome, ConfigureRequest, KeyRow } from './configuring.ts';
import type { Neighbours } from './neighbours.ts';
import type {
  DeliveryQuery,
  DeliveryView,
  EventQuery,
  Pulse,
  ReceiptQuery,
  StoredEvent,
  StoredReceipt,
  Troubled,
} from './queries.ts';
import type {
  ClaimCursor,
  LaneState,
  Lease,
  LeaseLimits,
  ReadLimits,
  SettleOutcome,
  SettleRequest,
  Task,
  TaskOutcome,
  TaskSettlement,
} from './settling.ts';
import type { Ticket, Tickets } from './tickets.ts';

export type { Closing } from '../core/attempt.ts';
export type { Health } from '../core/health.ts';
export type * from './appends.ts';
export type * from './configuring.ts';
export type * from './neighbours.ts';
export type * from './queries.ts';
export type * from './settling.ts';
export type * from './tickets.ts';

export interface Store {
  /** Number of lease shards, fixed at install. */
  readonly shards: number;
  /**
   * How much later than its due time what is due may become visible: so far claims go back behind engine time (C1). 0
   * where one writer commits in the order of its clock.
   */
  readonly trailMs: number;
  /** Other processes on this store; null where one process owns it. */
  readonly neighbours: Neighbours | null;

  /** Resolves after the durable commit (A1). */
  append(request: AppendRequest): Promise<AppendOutcome>;
  /** The same for several events, together or not at all (A1). */
  appendAll(batch: BatchAppend): Promise<BatchOutcome>;
  /** A redelivery, replay or test of a stored event; not conditional on configuration. */
  redeliver(request: RedeliveryRequest): Promise<RedeliveryOutcome>;
  /** Receipt, facts, events and tickets in one transaction (T1). */
  recordReceipt(request: ReceiptRequest): Promise<ReceiptOutcome>;
  /** Changes a stored receipt and makes its events, in one transaction; only at the revision it was decided on. */
  reviseReceipt(request: ReceiptRevision): Promise<RevisionOutcome>;
  /** The answer stored under a caller's key, for routes whose effect carries no claim of its own. */
  recall(tenant: Id, scope: string, key: string): Promise<{ bodyHash: Uint8Array; answer: Uint8Array } | null>;
  /** Stores an answer under a caller's key; the first one stays. */
  remember(tenant: Id, claim: IdempotencyClaim): Promise<void>;

  configure(request: ConfigureRequest): Promise<ConfigureOutcome>;
  configuration(tenant: Id): Promise<Configuration>;
  configVersion(tenant: Id): Promise<number>;
  /** A past configuration, still sealed; null when unknown. */
  subscriptionVersion(tenant: Id, id: Id, version: number): Promise<Uint8Array | null>;
  health(tenant: Id, ids: readonly Id[]): Promise<ReadonlyMap<Id, Health>>;
  /** Subscriptions with a streak of failures or switched off, by id; at most `limit`. */
  troubled(tenant: Id, limit: number): Promise<readonly Troubled[]>;
  keyByHash(hash: Uint8Array): Promise<KeyRow | null>;
  keys(tenant: Id): Promise<readonly KeyRow[]>;
  /** Notes that keys were used; called at most once a minute per key. */
  touchKeys(ids: readonly Id[]): Promise<void>;

  /** Takes shards that nobody holds a live lease on (L1); returns those taken. */
  lease(owner: Id, shards: readonly number[], ttlMs: number, limits?: LeaseLimits): Promise<readonly Lease[]>;
  /** Extends leases still held under their epoch; returns those that were. */
  renew(owner: Id, leases: readonly Lease[], ttlMs: number): Promise<readonly Lease[]>;
  release(owner: Id, leases: readonly Lease[]): Promise<void>;

  /** Reads what is due by engine time, in due order; writes nothing (C1, C3). */
  claim(cursors: readonly ClaimCursor[], limits: ReadLimits): Promise<Tickets>;
  settle(request: SettleRequest): Promise<readonly SettleOutcome[]>;
  /** Notes that a possibly repeated send is about to happen; returns how often it was noted, per ticket (S4). */
  intend(tries: readonly { deliveryId: Id; n: number }[]): Promise<readonly number[]>;

  /** Lanes that hold something or have a reason of their own, for a takeover. */
  lanes(shards: readonly number[]): Promise<readonly LaneState[]>;
  /** The same for one subscription, for readers; null when it has no lane. */
  lane(subscriptionId: Id, shard: number): Promise<LaneState | null>;
  /** Gives a lane a reason or a probe time of its own; for circuits and hourly probes. */
  setLane(lane: Omit<LaneState, 'sinceMs'>): Promise<void>;
  /** Forgets a lane's state if it holds nothing; false when it still does. */
  closeLane(subscriptionId: Id, shard: number): Promise<boolean>;
  /** Items of one key of a lane in order (O1). */
  laneRun(
    lane: { subscriptionId: Id; shard: number; key: string },
    afterPos: number,
    limits: ReadLimits,
  ): Promise<Tickets>;
  /**
   * The first item of each key after `afterKey` ('' included when null), found without reading the blocked ones behind
   * them (O1).
   */
  laneHeads(lane: { subscriptionId: Id; shard: number }, afterKey: string | null, limits: ReadLimits): Promise<Tickets>;

  claimTasks(shards: readonly number[], limit: number): Promise<readonly Task[]>;
  settleTask(settlement: TaskSettlement): Promise<TaskOutcome>;

  events(query: EventQuery): Promise<readonly HookEvent[]>;
  event(tenant: Id, id: Id): Promise<StoredEvent | null>;
  deliveries(query: DeliveryQuery): Promise<readonly DeliveryView[]>;
  delivery(tenant: Id, id: Id): Promise<DeliveryView | null>;
  attempts(tenant: Id, deliveryId: Id): Promise<readonly AttemptRecord[]>;
  /** Open deliveries of a subscription, for cancelling in chunks. */
  openTickets(subscriptionId: Id, limit: number): Promise<readonly Ticket[]>;
  receipts(query: ReceiptQuery): Promise<readonly StoredReceipt[]>;
  receipt(tenant: Id, id: Id): Promise<StoredReceipt | null>;
  /** What a source holds, oldest first, with whole bodies of at most `bytes` together; at least one if there is any. */
  heldReceipts(sourceId: Id, limits: { receipts: number; bytes: number }): Promise<readonly StoredReceipt[]>;
  pulse(): Promise<Pulse>;

  /** One bounded slice of housekeeping: expired keys of callers, rejected receipts after a day, checkpoints. */
  maintain(): Promise<void>;
  close(): Promise<void>;
}
