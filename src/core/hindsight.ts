/** Why a stored event went to a subscription or not. What was decided against it was not kept: it is decided again. */
import type { HookEvent } from './event.ts';
import { type Candidate, type Decision, decide, type FilterDocument } from './match.ts';

/** A decision as it is known later. */
export type Hindsight =
  | Decision
  /** The subscription came after the event. */
  | { kind: 'made_later' }
  /** The event was made to test one subscription. */
  | { kind: 'sample' };

/** `now`: the subscription, or what can be read of it, is not what it was when the event was accepted. */
export interface LookedBack {
  asOf: 'acceptance' | 'now';
  decision: Hindsight;
}

export type PastCandidate = Candidate & { createdAtMs: number; updatedAtMs: number };

/** What is known of the time of the event's acceptance. */
export interface Then {
  /** Whether the event went to the subscription. */
  isTarget: boolean;
  /** Whether no subscription has changed since. */
  isUnchanged: boolean;
}

/** Decides in hindsight for one subscription. */
export function lookBack(
  candidate: PastCandidate,
  event: HookEvent,
  document: FilterDocument,
  { isTarget, isUnchanged }: Then,
): LookedBack {
  if (isTarget) return { asOf: 'acceptance', decision: { kind: 'wanted' } };
  if (event.source.kind === 'system' && event.source.id === null) {
    return { asOf: 'acceptance', decision: { kind: 'sample' } };
  }
  const { createdAtMs, updatedAtMs } = candidate;
  if (!isUnchanged && createdAtMs > event.acceptedAtMs) return { asOf: 'acceptance', decision: { kind: 'made_later' } };
  const decision = decide(candidate, event, document);
  const isAsItWas = isUnchanged || updatedAtMs < event.acceptedAtMs;
  // One that is as it was, and wants what it did not get, could not be read then; or cannot be now.
  const isOfTheKeys = decision.kind === 'wanted' || decision.kind === 'secret_unavailable';
  return { asOf: isAsItWas && !isOfTheKeys ? 'acceptance' : 'now', decision };
}
