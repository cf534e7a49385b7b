/** Durable writes of what comes in: events, redeliveries, receipts, and callers' keys with them. */
import type { DedupeKey } from '../core/dedupe.ts';
import type { HookEvent } from '../core/event.ts';
import type { ReadFact } from '../core/fact.ts';
import type { Id } from '../core/ids.ts';
import type { Outcome, Receipt, Verdict } from '../core/receipt.ts';
import type { DeliveryKind, Handover, Hold, Ticket } from './tickets.ts';

/** A delivery to be made; `hold` sends it to the lane instead of the due index. */
export interface NewDelivery {
  deliveryId: Id;
  subscriptionId: Id;
  subscriptionVersion: number;
  delayMs: number;
  hold: Hold | null;
}

/** One use of a caller's key. `answer` is opaque and already sealed. */
export interface IdempotencyClaim {
  scope: string;
  key: string;
  bodyHash: Uint8Array;
  answer: Uint8Array;
}

export interface EventAppend {
  event: HookEvent;
  /** In the order they were decided; kept on the event as its targets. */
  deliveries: readonly NewDelivery[];
}

export interface AppendRequest extends EventAppend {
  /** The configuration version the targets were decided on (A5). */
  configVersion: number;
  claims: readonly IdempotencyClaim[];
}

/** What can come of a conditional write that carries callers' keys. */
export type Refused =
  /** A claim was used before with the same body: its first answer. */
  | { kind: 'repeated'; scope: string; answer: Uint8Array }
  /** A claim was used before with another body. */
  | { kind: 'mismatch'; scope: string }
  /** The tenant's configuration has moved on: decide again. */
  | { kind: 'stale'; configVersion: number };

export type AppendOutcome =
  | { kind: 'appended'; tickets: readonly Ticket[] }
  /** This event id is stored already (A2); nothing was written. */
  | { kind: 'duplicate' }
  | Refused;

/** Several events of one tenant that are stored in one transaction, or not at all. */
export interface BatchAppend {
  tenant: Id;
  /** In the order in which they are accepted. */
  appends: readonly (EventAppend & { claims: readonly IdempotencyClaim[] })[];
  /** The configuration version all targets were decided on (A5). */
  configVersion: number;
  /** Of the whole. No key of a batch is used twice in it. */
  claims: readonly IdempotencyClaim[];
}

export type BatchOutcome =
  /** The tickets of each event. */
  | { kind: 'appended'; tickets: readonly (readonly Ticket[])[] }
  /** These events are stored already; nothing was written. */
  | { kind: 'duplicate' }
  /** Keys of these events were used before; nothing was written. All of them are named. */
  | { kind: 'used'; uses: readonly UsedClaim[] }
  | Refused;

/** An event of a batch whose key was used before; `at` is its place in the batch. */
export interface UsedClaim {
  at: number;
  use: Exclude<Refused, { kind: 'stale' }>;
}

/** One open or closed delivery made by a person for an event that is stored already. */
export interface RedeliveryRequest {
  tenant: Id;
  delivery: NewDelivery;
  eventId: Id;
  /** The delivery it repeats; null for a test. */
  of: Id | null;
  kind: Exclude<DeliveryKind, 'first'>;
  by: Id | null;
  claims: readonly IdempotencyClaim[];
}

export type RedeliveryOutcome =
  | { kind: 'appended'; tickets: readonly Ticket[] }
  | { kind: 'missing' }
  | Exclude<Refused, { kind: 'stale' }>;

export interface ReceiptRequest {
  receipt: Receipt;
  facts: readonly ReadFact[];
  events: readonly EventAppend[];
  /** By what the store tells a repeated receipt; null = it repeats none. */
  dedupe: DedupeKey | null;
  /**
   * Known by this too: whoever comes under it is a duplicate, whatever `dedupe` says. A duplicate under `dedupe` leaves it
   * with the receipt it repeats.
   */
  replay: DedupeKey | null;
  configVersion: number;
  /** How many rejected receipts of this source are kept; older ones go with the insert. */
  maxRejected: number;
}

export type ReceiptOutcome =
  /** `redeliveryOf`: the receipt of the same message that came before, which stays as it is. */
  | { kind: 'recorded'; handovers: readonly Handover[]; redeliveryOf: Id | null }
  /** Stored as a duplicate without facts and events. */
  | { kind: 'duplicate'; of: Id; bodyDiffers: boolean }
  | { kind: 'stale'; configVersion: number };

/**
 * A stored receipt worked through again: one that was held, one that was rejected and is accepted, one that is read
 * anew. Verdict, outcome, reason and facts take the place of those stored; the events come to those it has become.
 */
export interface ReceiptRevision {
  tenant: Id;
  id: Id;
  /** The revision it was decided on. */
  revision: number;
  verdict: Verdict;
  outcome: Exclude<Outcome, 'duplicate' | 'rejected'>;
  reason: string | null;
  facts: readonly ReadFact[];
  events: readonly EventAppend[];
  /**
   * Under which key it is known from now on; null leaves what there is. If another receipt holds it this one becomes a
   * duplicate, whatever `redeliveryAfterMs` says: that is about what comes in.
   */
  dedupe: DedupeKey | null;
  /** The same of this one. */
  replay: DedupeKey | null;
  configVersion: number;
  claims: readonly IdempotencyClaim[];
}

export type RevisionOutcome =
  | { kind: 'revised'; handovers: readonly Handover[] }
  /** An accepted one repeats what came meanwhile; it was stored as a duplicate without facts and events. */
  | { kind: 'duplicate'; of: Id; bodyDiffers: boolean }
  | { kind: 'missing' }
  /** It stands at another revision. */
  | { kind: 'conflict'; revision: number }
  | Refused;
