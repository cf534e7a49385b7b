/** What is made of one verified request: what its payload says, and what follows from that for its source. */
import { type DedupeKey, dedupeKey, isChallenge } from './dedupe.ts';
import type { Fact, ReadFact } from './fact.ts';
import type { CompiledFilters } from './filter.ts';
import { REDACTED } from './header.ts';
import { hopsOf, MAX_HOPS } from './hops.ts';
import { inboundJson } from './inbound-body.ts';
import type { Parsed } from './json.ts';
import { mappedId } from './mapping.ts';
import { detectFormat, type ReaderInput, type Reading, readers } from './reader.ts';
import type { Outcome, Receipt } from './receipt.ts';
import { replayKey } from './replay.ts';
import { type HeaderValues, headerValues } from './signature/headers.ts';
import { type Sha256, signedIdHeader } from './signature/schemes.ts';
import { SOURCE_TYPES, type SourceConfig, type SourceType } from './source.ts';
import { type Refusal, refusalsOf } from './source-filters.ts';
import { isoTimeOrNull } from './time.ts';

/** One verified request. Header names are in lower case. */
export type Message = Pick<Receipt, 'headers' | 'body' | 'receivedAtMs'> & {
  /** The headers it proves itself with, where a receipt has hidden them. */
  signed?: HeaderValues | undefined;
};

/** What of its source's configuration a message is read by. */
export type ReadingConfig = Pick<SourceConfig, 'type' | 'registry' | 'timeZone' | 'mapping' | 'scheme'>;

export interface Understood {
  reading: Reading;
  /** Parsed JSON, for filters; undefined when it could not be parsed. */
  payload: unknown;
  dedupe: DedupeKey | null;
  /** By what its very bytes are known for as long as they could be played back. */
  replay: DedupeKey | null;
}

/** Reads a message by the configuration of its source. Total: whatever was sent is understood in some way. */
export function understand(message: Message, config: ReadingConfig, sha256: Sha256): Understood {
  const parsed = inboundJson(config.type, message.headers, message.body);
  const payload = parsed.kind === 'parsed' ? parsed.value : undefined;
  const input = { ...inputOf(message, config), body: payload };
  const reading = readingOf(parsed, config, input);
  const { headers, body: rawBody } = message;
  const ids = { mappedId: mappedId(config.mapping, payload), signedId: signedId(message, config) };
  const told = { headers, body: payload, rawBody, reading, ...ids };
  // What cannot be read uses up no key: corrected, it may well come again under the same one.
  const isRead = reading.kind !== 'unreadable';
  const dedupe = isRead ? dedupeKey(SOURCE_TYPES[senderOf(input, config)].dedupe, told, sha256) : null;
  const isKnown = isRead && !isChallenge(reading);
  return { reading, payload, dedupe, replay: isKnown ? replayOf(message, config, sha256) : null };
}

function replayOf(message: Message, { scheme }: ReadingConfig, sha256: Sha256): DedupeKey | null {
  return replayKey(scheme, { headers: signedHeaders(message), body: message.body }, sha256);
}

function signedId(message: Message, { scheme }: ReadingConfig): string | null {
  const name = signedIdHeader(scheme);
  const id = name === null ? undefined : signedHeaders(message)(name).at(-1);
  // A receipt that came under another scheme may not have kept it.
  return id === undefined || id === REDACTED ? null : id;
}

function signedHeaders({ headers, signed }: Message): HeaderValues {
  return signed ?? headerValues(Object.entries(headers).flat());
}

/** Whose rule tells repeats: where the payload says who sent it, that sender's. */
function senderOf(input: ReaderInput, { type }: ReadingConfig): SourceType {
  return type === 'registry-push' ? (detectFormat(input) ?? type) : type;
}

function inputOf({ headers, receivedAtMs }: Message, { registry, timeZone, mapping }: ReadingConfig) {
  return { headers, registry, timeZone, mapping, receivedAtMs };
}

function readingOf(parsed: Parsed, { type }: ReadingConfig, input: ReaderInput): Reading {
  if (hopsOf(input.headers) >= MAX_HOPS) {
    return { kind: 'ignored', reason: `It goes in a circle: it came through Hookyard ${MAX_HOPS} times or more.` };
  }
  return parsed.kind === 'refused' ? { kind: 'unreadable', reason: parsed.message } : readers[type](input);
}

/** Whether the sender only tests the connection. */
export function isConnectionTest(reading: Reading): boolean {
  if (reading.kind === 'handshake') return true;
  return reading.kind === 'facts' && reading.facts.every(({ fact }) => fact.kind === 'ping');
}

/** What becomes of a message that was understood. */
export interface Conclusion {
  outcome: Extract<Outcome, 'processed' | 'ignored' | 'handshake'>;
  reason: string;
  /** All that it says. */
  facts: readonly ReadFact[];
  /** What of it becomes events: what the filters of the source let through. */
  acted: readonly ReadFact[];
}

/** Until components exist no push matches one; its event is stored and delivered all the same. */
const NO_COMPONENT = 'No matching component';

/** Concludes from a reading. */
export function conclude(
  { reading, payload }: Pick<Understood, 'reading' | 'payload'>,
  filters: CompiledFilters,
): Conclusion {
  const nothing = { facts: [], acted: [] };
  switch (reading.kind) {
    case 'unreadable':
      return { outcome: 'ignored', reason: unreadableReason(reading), ...nothing };
    case 'ignored':
      return { outcome: 'ignored', reason: reading.reason, ...nothing };
    case 'handshake':
      return { outcome: 'handshake', reason: reading.reason, facts: reading.facts, acted: [] };
    case 'facts':
      return isConnectionTest(reading)
        ? { outcome: 'handshake', reason: 'A connection test.', facts: reading.facts, acted: [] }
        : withSkipped(reading, filtered(reading.facts, payload, filters));
  }
}

/** Begins the reason of a receipt that nobody could read. */
export const UNREADABLE = 'unreadable: ';

/** With the place in the payload: a receipt says it nowhere else. */
function unreadableReason(fault: Extract<Reading, { kind: 'unreadable' }>): string {
  return UNREADABLE + placed(fault);
}

function placed({ reason, pointer = '' }: { reason: string; pointer?: string }): string {
  return pointer === '' ? reason : `${reason} See ${pointer}.`;
}

/** What could not be read beside what could is told by its number, and by what is wrong with the first of it. */
function withSkipped({ skipped = 0, fault }: Extract<Reading, { kind: 'facts' }>, made: Conclusion): Conclusion {
  if (skipped === 0) return made;
  const first = fault === undefined ? '' : ` The first: ${placed(fault)}`;
  const told = `${skipped} more that it names could not be read.${first}`;
  return { ...made, reason: `${made.reason.replace(/\.?$/, '.')} ${told}` };
}

function filtered(facts: readonly ReadFact[], payload: unknown, filters: CompiledFilters): Conclusion {
  const shown = facts.map(({ fact }) => shownFact(fact));
  const refusals = refusalsOf(shown, payload, filters);
  const acted = facts.filter((_, at) => refusals[at] === null);
  const refusal = refusals.find((one) => one !== null);
  if (!refusal) return { outcome: 'ignored', reason: NO_COMPONENT, facts, acted };
  const kept = acted.length === 0 ? '' : `${NO_COMPONENT}. `;
  const share = facts.length === 1 ? '' : ` to ${facts.length - acted.length} of ${facts.length} facts`;
  const limit = refusals.some((one) => one?.isSpent) ? '; it looked at as much as a filter may' : '';
  return { outcome: 'ignored', reason: `${kept}${ruleOf(refusal)} says no${share}${limit}.`, facts, acted };
}

function ruleOf({ index, rule: { field, operator } }: Refusal): string {
  return `Filter ${index} (${field} ${operator})`;
}

/** A fact as the API shows it and filters see it. */
export function shownFact(fact: Fact): Readonly<Record<string, unknown>> & { kind: string } {
  if (fact.kind === 'ping') return { ...fact };
  const { timeMs, ...rest } = fact;
  return { ...rest, time: isoTimeOrNull(timeMs) };
}
