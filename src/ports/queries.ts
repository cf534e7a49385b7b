/** What readers ask the store. Lists are newest first. */
import type { AttemptRecord, DeliveryStatus } from '../core/attempt.ts';
import type { HookEvent } from '../core/event.ts';
import type { ReadFact } from '../core/fact.ts';
import type { Health } from '../core/health.ts';
import type { Id } from '../core/ids.ts';
import type { Receipt } from '../core/receipt.ts';
import type { LaneState } from './settling.ts';
import type { DeliveryKind, Place } from './tickets.ts';

/** A page, newest first. `after` wins over `before`, which wins over `offset`. */
export interface Paging {
  limit: number;
  /** Only what is older than this, the newest of it. */
  before?: Id;
  /** Only what is newer than this, the oldest of it: the page that stands next to it. */
  after?: Id;
  offset?: number;
}

export interface EventQuery extends Paging {
  tenant: Id;
  type?: string;
  /** This owner path and what is below it. */
  owner?: string;
  sinceMs?: number;
  untilMs?: number;
}

/** An event with what was decided about it. */
export interface StoredEvent {
  event: HookEvent;
  configVersion: number;
  targets: Targets;
}

/** Where an event goes. */
export interface Target {
  subscriptionId: Id;
  subscriptionVersion: number;
  deliveryId: Id;
}

/** A list, or what gives a part of one: of ten thousand a fan-out needs a few at a time. */
export interface Targets {
  readonly length: number;
  slice(from?: number, to?: number): readonly Target[];
}

export interface DeliveryQuery extends Paging {
  tenant: Id;
  subscriptionId?: Id;
  eventId?: Id;
  /** `undelivered` = open, failed or expired. */
  status?: DeliveryStatus | 'undelivered';
  type?: string;
  sinceMs?: number;
  untilMs?: number;
}

/** What a lane was given as its reason to hold, since when, and when that is looked into. */
export type LaneHold = Pick<LaneState, 'reason' | 'sinceMs' | 'probeAtMs'>;

/** A delivery as it stands: its ticket while open, its attempts' sum, where it came from. */
export interface DeliveryView {
  deliveryId: Id;
  subscriptionId: Id;
  event: Pick<HookEvent, 'id' | 'tenant' | 'type' | 'owner' | 'acceptedAtMs'>;
  kind: DeliveryKind;
  redeliverOf: Id | null;
  open: { place: Place; hold: LaneHold | null } | null;
  /** Tries that were sent. */
  attempts: number;
  /** The last row: that of a try, or one that only closes. */
  last: AttemptRecord | null;
  /** The last try; null when there was none. */
  tried: AttemptRecord | null;
}

export interface ReceiptQuery extends Paging {
  tenant: Id;
  sourceId?: Id;
  outcome?: Receipt['outcome'];
  sinceMs?: number;
  untilMs?: number;
  /** Bodies are cut to this and not read beyond it; whole when absent. */
  maxBodyBytes?: number;
}

export interface StoredReceipt {
  receipt: Receipt;
  facts: readonly ReadFact[];
  /** Events this receipt became. */
  eventIds: readonly Id[];
}

/** A subscription whose receiver fails, or that is switched off. */
export interface Troubled {
  id: Id;
  health: Health;
}

/** What readiness asks. */
export interface Pulse {
  nowMs: number;
  /** When the oldest of what is due by now fell due; null when nothing is. */
  oldestDueMs: number | null;
}
