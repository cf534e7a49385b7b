/** Which subscriptions want an event. Pure, so that the same function can explain it later. */
import { type HookEvent, typeMatches } from './event.ts';
import { type CompiledFilters, evaluate } from './filter.ts';
import type { Id } from './ids.ts';
import { receives } from './owner.ts';
import type { SubscriptionConfig, SubscriptionState } from './subscription.ts';
import { isoTime } from './time.ts';

/** What matching needs of a subscription. */
export interface Candidate {
  id: Id;
  state: SubscriptionState;
  config: Pick<SubscriptionConfig, 'events' | 'owner'> | null;
  filters: CompiledFilters;
}

/** Why a subscription gets an event, or the first rule that says no. */
export type Decision =
  | { kind: 'wanted' }
  /** The event is about this subscription: a failing receiver must not cause its own next failure. */
  | { kind: 'itself' }
  | { kind: 'disabled' }
  | { kind: 'secret_unavailable' }
  | { kind: 'type' }
  | { kind: 'owner' }
  /** `isCut`: the event holds more than the rule looks at, and it may fit where the rule did not look. */
  | { kind: 'filter'; index: number; actual: unknown; isCut: boolean };

/** What filters look at: the envelope of the event, whatever its receiver is sent of it, and its tags. */
export interface FilterDocument {
  id: Id;
  timestamp: string;
  event: string;
  tenantId: Id;
  data: unknown;
  tags: readonly string[];
}

/** The members of the document, for those who write paths into it. */
export const FILTER_ROOTS = [
  'id',
  'timestamp',
  'event',
  'tenantId',
  'data',
  'tags',
] as const satisfies readonly (keyof FilterDocument)[];

/** An event as filters see it; `data` is the parsed form of the event's bytes. */
export function filterDocument(event: HookEvent, data: unknown): FilterDocument {
  const timestamp = isoTime(event.acceptedAtMs);
  return { id: event.id, timestamp, event: event.type, tenantId: event.tenant, data, tags: event.tags };
}

/** Decides for one subscription. */
export function decide(candidate: Candidate, event: HookEvent, document: FilterDocument): Decision {
  if (event.source.kind === 'system' && event.source.id === candidate.id) return { kind: 'itself' };
  if (candidate.state.kind === 'disabled') return { kind: 'disabled' };
  // Without its configuration nobody can say what it wants; "replay missed" finds these events later.
  if (candidate.config === null) return { kind: 'secret_unavailable' };
  if (!typeMatches(candidate.config.events, event.type)) return { kind: 'type' };
  if (!receives(candidate.config.owner, event.owner)) return { kind: 'owner' };
  const verdict = evaluate(candidate.filters, document);
  if (verdict.kind === 'pass') return { kind: 'wanted' };
  const { index, actual, isCut } = verdict;
  return { kind: 'filter', index, actual, isCut };
}
