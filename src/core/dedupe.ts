/** By what a repeated message is known. Computed after verification, stored in the receipt's transaction. */

import type { Fact, ReadFact } from './fact.ts';
import { at } from './reader/fields.ts';
import type { Reading } from './reader.ts';
import { toHex } from './signature/encoding.ts';
import type { Sha256 } from './signature/schemes.ts';
import type { DedupeRule } from './source.ts';

/** Two messages of one source with the same key within `windowMs` are one; null = however far apart. */
export interface DedupeKey {
  key: string;
  windowMs: number | null;
  /**
   * How long after the first one the same message with the same body is a redelivery that a person asked for, if the
   * first one has come to its end: it is stored with its facts and events, and linked. Otherwise, and always where this
   * is null, it is a duplicate.
   */
  redeliveryAfterMs: number | null;
}

/** One verified message, as a dedupe rule looks at it. */
export interface InboundMessage {
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  /** Parsed JSON; undefined when it could not be parsed. */
  body: unknown;
  rawBody: Uint8Array;
  reading: Reading;
  /** The id that a mapping found; null without one. */
  mappedId: string | null;
  /** The id that the signature covers; null where its scheme signs none. */
  signedId: string | null;
}

/** Senders without an id of their own repeat within seconds; a longer window would swallow true repetitions. */
const DERIVED_WINDOW_MS = 600_000;
/** Events of one message that are looked at for their ids. */
const MAX_IDS = 1000;

/**
 * The key of a message, or null when every message of this source counts. Keys are short, whatever the sender wrote:
 * a word for the rule and a digest.
 */
export function dedupeKey(rule: DedupeRule, message: InboundMessage, sha256: Sha256): DedupeKey | null {
  if (isChallenge(message.reading)) return null;
  const key = wholeKey(rule, message, sha256);
  return key && besideUnread(key, message.reading);
}

/**
 * What could not be read of a message uses up no key: corrected, it comes again under the same one. Told by how much that
 * is, so that a repeat with the same faults stays one, whatever else a sender writes into it.
 */
function besideUnread(key: DedupeKey, reading: Reading): DedupeKey {
  const unread = reading.kind === 'facts' ? (reading.skipped ?? 0) : 0;
  return unread === 0 ? key : { ...key, key: `${key.key}-${unread}` };
}

function wholeKey(rule: DedupeRule, message: InboundMessage, sha256: Sha256): DedupeKey | null {
  // Before whatever nobody has signed: whoever plays a message back could write another id.
  const signed = signedKey(message, sha256);
  if (signed !== null) return signed;
  const id = idBy(rule, message);
  if (id !== null) {
    return {
      ...keyOf(rule.by, sha256(id), null),
      redeliveryAfterMs: rule.by === 'header' ? rule.redeliveryAfterMs : null,
    };
  }
  return callerKey(message, sha256) ?? (rule.by === 'caller' ? null : derivedKey(message, sha256));
}

/** A challenge has to be met however often it is put. */
export function isChallenge(reading: Reading): boolean {
  return reading.kind === 'handshake' && reading.echo !== null;
}

/** The id that the sender itself gives the message, in the words of the rule; null where it gives none. */
function idBy(rule: DedupeRule, { headers, body, mappedId }: InboundMessage): string | null {
  switch (rule.by) {
    case 'caller':
      return null;
    case 'header':
      return firstOf(rule.names, (name) => own(headers, name));
    case 'body':
      return (
        firstOf(rule.paths, (path) => textOf(at(body, path))) ?? firstOf(rule.headers, (name) => own(headers, name))
      );
    case 'events':
      // Event Grid sends either its own lists or single CloudEvents.
      return idsOf(body) ?? cloudEventId(headers, body);
    case 'cloudevent':
      return cloudEventId(headers, body);
    case 'facts':
      return mappedId;
  }
}

function firstOf<Place>(places: readonly Place[], look: (place: Place) => string | null): string | null {
  for (const place of places) {
    const found = look(place);
    if (found !== null) return found;
  }
  return null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.trim() !== '' ? value : null;
}

function own(headers: InboundMessage['headers'], name: string): string | null {
  return Object.hasOwn(headers, name) ? textOf(headers[name]) : null;
}

/** The ids of all events of a list (Event Grid) or of `events` (distribution); null when any of them has none. */
function idsOf(body: unknown): string | null {
  const events = Array.isArray(body) ? body : at(body, ['events']);
  if (!Array.isArray(events) || events.length === 0 || events.length > MAX_IDS) return null;
  const ids = events.map((event) => textOf(at(event, ['id'])));
  return ids.includes(null) ? null : JSON.stringify(ids);
}

/**
 * CloudEvents 1.0 §3.1: source and id together are unique for each event. They stand in the headers (binary mode), in
 * the body, in each event of a batch, or in the `context` of a bare CDEvent.
 */
function cloudEventId(headers: InboundMessage['headers'], body: unknown): string | null {
  if (own(headers, 'ce-specversion') !== null) return pairOf(own(headers, 'ce-source'), own(headers, 'ce-id'));
  if (!Array.isArray(body)) return statedId(body);
  const ids = body.length === 0 || body.length > MAX_IDS ? [null] : body.map(statedId);
  return ids.includes(null) ? null : JSON.stringify(ids);
}

function statedId(event: unknown): string | null {
  const stated = textOf(at(event, ['specversion'])) === null ? at(event, ['context']) : event;
  return pairOf(textOf(at(stated, ['source'])), textOf(at(stated, ['id'])));
}

function pairOf(source: string | null, id: string | null): string | null {
  return source === null || id === null ? null : JSON.stringify([source, id]);
}

function signedKey({ signedId }: InboundMessage, sha256: Sha256): DedupeKey | null {
  return signedId === null ? null : keyOf('signed', sha256(signedId), null);
}

/** On inbound routes the key is the sender's own id of the delivery. */
function callerKey({ headers }: InboundMessage, sha256: Sha256): DedupeKey | null {
  const key = own(headers, 'idempotency-key');
  return key === null ? null : keyOf('caller', sha256(key.trim()), null);
}

/** What was said and when; where two true repetitions would look alike, the bytes decide. */
function derivedKey({ reading, rawBody }: InboundMessage, sha256: Sha256): DedupeKey {
  if (reading.kind !== 'facts' || !reading.facts.every(isOneOfItsKind)) {
    return keyOf('raw', sha256(rawBody), DERIVED_WINDOW_MS);
  }
  return keyOf('facts', sha256(JSON.stringify(reading.facts.map(({ fact }) => identityOf(fact)))), DERIVED_WINDOW_MS);
}

/** A time tells two of them apart; and an image of one digest is the same however often it is named. */
function isOneOfItsKind({ fact }: ReadFact): boolean {
  if (fact.kind === 'ping') return false;
  return fact.timeMs !== null || ('digest' in fact && fact.digest !== null);
}

/** All that a fact says but who did it, in the order of its names. */
function identityOf(fact: Fact): readonly unknown[] {
  const said = Object.entries(fact).filter(([name]) => name !== 'actor' && name !== 'timeSource' && name !== 'origin');
  return said.sort(([one], [other]) => (one < other ? -1 : 1));
}

function keyOf(rule: string, digest: Uint8Array, windowMs: number | null): DedupeKey {
  return { key: `${rule}:${toHex(digest)}`, windowMs, redeliveryAfterMs: null };
}
