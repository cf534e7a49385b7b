import type { Id } from './ids.ts';

/** What became of a request. `held`: proved and kept by a paused source; worked through when it resumes. */
export const OUTCOMES = ['processed', 'ignored', 'duplicate', 'rejected', 'handshake', 'held'] as const;

export type Outcome = (typeof OUTCOMES)[number];

/** Whether the sender proved who it is. `reason` is for operators only. */
export interface Verdict {
  ok: boolean;
  scheme: string;
  reason: string | null;
}

/**
 * Of a rejected request this much of the body is kept: enough to see who sends what, and too little to fill a disk by
 * posting without any proof.
 */
export const REJECTED_BODY_BYTES = 64 * 1024;

/** Rejected requests are kept for a day, and of each source no more than so many. */
export const REJECTED_KEPT_MS = 24 * 3_600_000;

/** One inbound request as captured, and what was made of it. */
export interface Receipt {
  id: Id;
  tenant: Id;
  sourceId: Id;
  receivedAtMs: number;
  method: string;
  /** Redacted: credentials and signatures of the sender never reach the store. */
  headers: Readonly<Record<string, string>>;
  /** Of a rejected request only the beginning. */
  body: Uint8Array;
  verdict: Verdict;
  outcome: Outcome;
  reason: string | null;
  /** The receipt this one repeats, for `duplicate`. */
  duplicateOf: Id | null;
  /** True when a duplicate came with another body than the first. */
  bodyDiffers: boolean;
  /** The receipt of the same message that came before, where a person had the sender send it again. */
  redeliveryOf: Id | null;
  /** Whom it came from, as far as trusted proxies tell; null where that was not kept. */
  remoteAddress: string | null;
  /**
   * Of a rejected request: what it tried to prove itself with, sealed, so that it can be judged again. null otherwise, and
   * where that was too large.
   */
  proof: Uint8Array | null;
  /** How often it was worked through again: when its source resumed, when it was accepted or reprocessed. */
  revision: number;
}

/** What a receipt repeats. */
export interface Repeat {
  of: Id;
  outcome: Outcome;
  bodyDiffers: boolean;
  /** How long after the first one it came. */
  afterMs: number;
}

/**
 * Whether a message that came under the key of an earlier one was sent again because a person asked for it, and is no
 * repeat of the sender's own: the earlier one has come to its end, and a while ago. `redeliveryAfterMs`: how long that
 * is by the rule of its source; null where nobody can ask.
 */
export function isRedelivery(redeliveryAfterMs: number | null, { outcome, bodyDiffers, afterMs }: Repeat): boolean {
  return redeliveryAfterMs !== null && afterMs >= redeliveryAfterMs && !bodyDiffers && outcome !== 'held';
}

/** Why a proved request made nothing yet. */
export const HELD_REASON = 'Held: the source is paused.';

/** Whether only the beginning of the body was kept. At exactly the limit that cannot be told, and yes is the answer. */
export function keptInPart({ outcome, body }: Pick<Receipt, 'outcome' | 'body'>): boolean {
  return outcome === 'rejected' && body.length >= REJECTED_BODY_BYTES;
}

/** Why a duplicate made nothing, in the words that its sender gets too. */
export function repeatReason(of: Id, bodyDiffers: boolean): string {
  return `Repeats receipt ${of}${bodyDiffers ? ' with another body' : ''}.`;
}
