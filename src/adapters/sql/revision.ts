/** What revising a stored receipt comes to, whichever engine it stands in. */
import { hash } from 'node:crypto';
import type { Id } from '../../core/ids.ts';
import type { Outcome, Receipt, Repeat } from '../../core/receipt.ts';
import type { EventAppend, ReceiptRevision, RevisionOutcome } from '../../ports/store.ts';

/** A receipt that is to be revised, as it stands. */
export interface Standing {
  sourceId: Id;
  revision: number;
  outcome: Outcome;
  duplicateOf: Id | null;
  bodyDiffers: boolean;
  /** Events it became so far. */
  eventIds: readonly Id[];
}

/** What is compared of two receipts under one key; in place of both bodies it may be digests of them. */
export type Compared = Pick<Receipt, 'body' | 'receivedAtMs'>;

/** With a digest in place of the body, which can be large. Its holder has to have one too. */
export function digested({ body, receivedAtMs }: Compared): Compared {
  return { receivedAtMs, body: hash('sha256', body, 'buffer') };
}

/** The receipt that holds a key. */
export type Holder = Compared & Pick<Receipt, 'id' | 'outcome'>;

/** Compares a receipt with the one that holds its key. */
export function repeatOf(holder: Holder, { body, receivedAtMs }: Compared): Repeat {
  const bodyDiffers = Buffer.compare(holder.body, body) !== 0;
  return { of: holder.id, outcome: holder.outcome, bodyDiffers, afterMs: receivedAtMs - holder.receivedAtMs };
}

/**
 * The outcome of a revision that was committed before its answer got lost; null when it was not made. Revisions carry no
 * id: one of the same number that made the same of the receipt, with the same events, is this one or as good as it.
 */
export function revisedBefore(
  standing: Standing,
  request: Pick<ReceiptRevision, 'revision' | 'outcome'> & { eventIds: readonly Id[] },
): RevisionOutcome | null {
  if (standing.revision !== request.revision + 1) return null;
  const { outcome, duplicateOf: of, bodyDiffers, eventIds } = standing;
  if (outcome === 'duplicate' && of !== null) return { kind: 'duplicate', of, bodyDiffers };
  const isSame = outcome === request.outcome && request.eventIds.every((id) => eventIds.includes(id));
  return isSame ? { kind: 'revised', handovers: [] } : null;
}

/** The events of a receipt after some came to them, each once. */
export function eventIdsAfter(before: readonly Id[], added: readonly Id[]): readonly Id[] {
  return [...new Set([...before, ...added])];
}

/** Until when a key is taken that is given away now; null for ever. */
export function keyUntilMs({ windowMs }: { windowMs: number | null }, nowMs: number): number | null {
  return windowMs === null ? null : nowMs + windowMs;
}

/** Ids of events, in their order. */
export function idsOfEvents(events: readonly Pick<EventAppend, 'event'>[]): readonly Id[] {
  return events.map(({ event }) => event.id);
}
