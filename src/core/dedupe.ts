/** By what a repeated message is known. Computed after verification, stored in the receipt's transaction. */
import { at } from './reader/fields.ts';
import type { Reading } from './reader.ts';
import type { ReadFact } from './receipt.ts';
import { toHex } from './signature/encoding.ts';
import type { Sha256 } from './signature/schemes.ts';
import { SOURCE_TYPES, type SourceType } from './source.ts';

/** Two messages of one source with the same key within the window are one; null = however far apart. */
export interface DedupeKey {
  key: string;
  windowMs: number | null;
}

/** One verified message, as a dedupe rule looks at it. */
export interface InboundMessage {
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** Parsed JSON; undefined when it could not be parsed. */
  body: unknown;
  rawBody: Uint8Array;
  reading: Reading;
}

/** Senders without an id of their own repeat within seconds; a longer window would swallow true repetitions. */
const DERIVED_WINDOW_MS = 600_000;

/**
 * The key of a message, or null when every message of this source counts. Keys are short, whatever the sender wrote:
 * a word for the rule and a digest.
 */
export function dedupeKey(type: SourceType, message: InboundMessage, sha256: Sha256): DedupeKey | null {
  switch (SOURCE_TYPES[type].dedupe) {
    case 'caller':
      return callerKey(message, sha256);
    case 'cloudevent':
      return cloudEventKey(message.body, sha256) ?? derivedKey(message, sha256);
    case 'facts':
      return derivedKey(message, sha256);
  }
}

function callerKey({ headers }: InboundMessage, sha256: Sha256): DedupeKey | null {
  const key = Object.hasOwn(headers, 'idempotency-key') ? headers['idempotency-key']?.trim() : undefined;
  return key ? keyOf('caller', sha256(key), null) : null;
}

/** CloudEvents 1.0 §3.1: source and id together are unique for each event. */
function cloudEventKey(body: unknown, sha256: Sha256): DedupeKey | null {
  const version = at(body, ['specversion']);
  const source = at(body, ['source']);
  const id = at(body, ['id']);
  if (typeof version !== 'string' || typeof source !== 'string' || typeof id !== 'string' || id === '') return null;
  return keyOf('cloudevent', sha256(JSON.stringify([source, id])), null);
}

/** What was pushed and when; without a time two equal pushes look alike, so then the bytes decide. */
function derivedKey({ reading, rawBody }: InboundMessage, sha256: Sha256): DedupeKey {
  if (reading.kind !== 'facts' || !reading.facts.every(hasTime)) {
    return keyOf('body', sha256(rawBody), DERIVED_WINDOW_MS);
  }
  return keyOf('facts', sha256(JSON.stringify(reading.facts.map(identityOf))), DERIVED_WINDOW_MS);
}

function hasTime({ fact }: ReadFact): boolean {
  return fact.kind !== 'ping' && fact.timeMs !== null;
}

function identityOf({ fact }: ReadFact): readonly unknown[] {
  if (fact.kind === 'ping') return [fact.kind];
  return [fact.kind, fact.registry, fact.repository, fact.tag, fact.digest, fact.timeMs];
}

function keyOf(rule: string, digest: Uint8Array, windowMs: number | null): DedupeKey {
  return { key: `${rule}:${toHex(digest)}`, windowMs };
}
