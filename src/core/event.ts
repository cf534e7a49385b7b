import type { Id } from './ids.ts';

/** What an event came from; part of its lineage. */
export interface EventSource {
  kind: 'api' | 'receipt' | 'release' | 'deployment' | 'job' | 'system';
  id: Id | null;
}

/** An immutable fact, as accepted. `data` holds the exact JSON bytes the caller sent and is never re-serialised. */
export interface HookEvent {
  id: Id;
  tenant: Id;
  type: string;
  owner: string | null;
  /** The caller's own id, unique per tenant for at least 24 hours; any string up to 128 characters. */
  externalId: string | null;
  orderingKey: string | null;
  tags: readonly string[];
  /** Extra headers that the publisher wants on every delivery of this event. */
  headers: Readonly<Record<string, string>>;
  occurredAtMs: number;
  acceptedAtMs: number;
  source: EventSource;
  data: Uint8Array;
}

/** 1 to 64 characters: dot-separated words of letters, digits, `_` and `-` (seed 004 caps event kinds at 64). */
const EVENT_TYPE = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

/** True for a well-formed event type such as `deployment.completed`. */
export function isEventType(text: string): boolean {
  return text.length <= 64 && EVENT_TYPE.test(text);
}

/** Beginnings of the types of events that the program makes about itself. */
export const RESERVED_TYPES = ['subscription.', 'source.'] as const;

/** True for a type that says something only the program can know. */
export function isReservedType(type: string): boolean {
  return RESERVED_TYPES.some((prefix) => type.startsWith(prefix));
}

/** True for a type or a trailing wildcard such as `deployment.*`; `*` alone means every type. */
export function isEventPattern(text: string): boolean {
  if (text === '*') return true;
  return isEventType(text.endsWith('.*') ? text.slice(0, -2) : text);
}

/** Whether an event type is asked for by a subscription's patterns; an empty list asks for all. */
export function typeMatches(patterns: readonly string[], type: string): boolean {
  if (patterns.length === 0) return true;
  return patterns.some((pattern) => {
    if (pattern === '*' || pattern === type) return true;
    return pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1));
  });
}

/** With more targets than this an event is appended with one `fanout` task instead of its tickets (A1). */
export const MAX_DIRECT_TARGETS = 500;

/**
 * Deliveries that are made in the commit of their event: all of a few, and of many those with an ordering key, because
 * their order is that of the commits. A task makes the others.
 */
export function madeAtOnce<Made extends { hold: { key: string } | null }>(
  deliveries: readonly Made[],
): readonly Made[] {
  if (deliveries.length <= MAX_DIRECT_TARGETS) return deliveries;
  return deliveries.filter(({ hold }) => hold !== null && hold.key !== '');
}
