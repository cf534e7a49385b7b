/**
 * CloudEvents 1.0 as HTTP carries them: structured, batched and binary mode (the specification's HTTP protocol binding
 * and JSON format), all brought into the shape of the structured one.
 */
import { type CountedLimits, INBOUND_LIMITS, limitsLeft } from '../inbound-limits.ts';
import { type JsonUse, parseJson, scanJson } from '../json.ts';
import { fromBase64 } from '../signature/encoding.ts';
import { at, isObject } from './fields.ts';
import {
  gathered,
  ignored,
  MAX_FACTS,
  type Reader,
  type ReaderInput,
  type Reading,
  translated,
  unreadable,
} from './reading.ts';

/** One event, with attributes and `data` as structured mode writes them. */
export interface CloudEvent {
  document: Readonly<Record<string, unknown>>;
  /**
   * The pointer into the request for a pointer into the document; `header:` and a name for an attribute of binary mode.
   */
  whence(pointer: string): string;
}

type Unreadable = Extract<Reading, { kind: 'unreadable' }>;

/** Where CloudEvents come from: what a request says, without what its source knows. */
export type Carrier = Pick<ReaderInput, 'body' | 'headers'>;

const PREFIX = 'ce-';
const MEDIA_TYPE = 'application/cloudevents';
const BATCH_MEDIA_TYPE = 'application/cloudevents-batch';
/** Runs of percent-encoded bytes; a lone percent sign stands for itself. */
const ENCODED = /(?:%[0-9a-f]{2})+/gi;
/** What says the mode, to a reader that looks: none but this one needs to know another. */
const STRUCTURED: Carrier['headers'] = { 'content-type': `${MEDIA_TYPE}+json` };
const utf8 = new TextDecoder();

/**
 * Reads every event of a request with a reader that is given each in structured mode; pointers of what it says are
 * those of the request. Of a batch, what can be read counts; the others are told by their number.
 */
export function readEach(input: ReaderInput, read: Reader): Reading {
  const found = cloudEventsIn(input);
  if (found.kind === 'unreadable') return found;
  return together(readingsOf(found, (body) => read({ ...input, body, headers: STRUCTURED })));
}

/** One after the other, as they are asked for. */
function* readingsOf({ events, faults }: CloudEvents, read: (document: unknown) => Reading): Generator<Reading> {
  for (const { document, whence } of events) yield translated(read(document), whence);
  yield* faults;
}

/** What several events of one request say together; those behind too many facts are not asked for. */
export function together(readings: Iterable<Reading>): Reading {
  const read: Reading[] = [];
  let facts = 0;
  for (const reading of readings) {
    read.push(reading);
    facts += 'facts' in reading ? reading.facts.length : 0;
    if (facts > MAX_FACTS) return unreadable('', `More than ${MAX_FACTS} facts.`);
  }
  const [first] = read;
  if (first === undefined) return ignored('An empty batch.');
  if (read.length === 1) return first;
  return gathered(read, first);
}

/** The type of the one event of a request; null for a batch, and where none is named. */
export function cloudEventType(carrier: Carrier): string | null {
  const { body } = carrier;
  const mode = modeOf(carrier);
  if (mode === 'batch' || Array.isArray(body)) return null;
  const document = mode === 'binary' ? binary(carrier).document : body;
  return isEvent(document) && typeof document.type === 'string' ? document.type : null;
}

/** The events of a request, in order, and a fault for each item of a batch that is none. */
interface CloudEvents {
  kind: 'events';
  events: readonly CloudEvent[];
  faults: readonly Unreadable[];
}

/** What a request carries. */
export function cloudEventsIn(carrier: Carrier): CloudEvents | Unreadable {
  const { body } = carrier;
  switch (modeOf(carrier)) {
    case 'binary':
      return { kind: 'events', events: [binary(carrier)], faults: [] };
    case 'structured':
      return one(isEvent(body) ? structured(body, '', INBOUND_LIMITS) : notAnEvent('/specversion'));
    case 'batch':
      return batch(body);
  }
}

/** True for a request that says it carries CloudEvents, or looks as if it did. */
export function isCloudEvents({ body, headers }: Carrier): boolean {
  const mediaType = headerOf(headers, 'content-type')?.toLowerCase() ?? '';
  const isNamed = mediaType.startsWith(MEDIA_TYPE) || headerOf(headers, `${PREFIX}specversion`) !== undefined;
  return isNamed || isEvent(Array.isArray(body) ? body[0] : body);
}

/**
 * The media type decides, as the binding has it; but many send structured events as plain JSON, so after that what
 * stands in headers and body does.
 */
function modeOf({ body, headers }: Carrier): 'binary' | 'structured' | 'batch' {
  const mediaType = headerOf(headers, 'content-type')?.toLowerCase() ?? '';
  if (mediaType.startsWith(BATCH_MEDIA_TYPE)) return 'batch';
  if (mediaType.startsWith(MEDIA_TYPE)) return 'structured';
  if (headerOf(headers, `${PREFIX}specversion`) !== undefined) return 'binary';
  return Array.isArray(body) ? 'batch' : 'structured';
}

function one(read: Structured | Unreadable): CloudEvents | Unreadable {
  return read.kind === 'unreadable' ? read : { kind: 'events', events: [read.event], faults: [] };
}

function batch(body: unknown): CloudEvents | Unreadable {
  if (!Array.isArray(body)) return unreadable('', 'A batch of CloudEvents is an array.');
  if (body.length > MAX_FACTS) return unreadable('', `More than ${MAX_FACTS} CloudEvents in a batch.`);
  const events: CloudEvent[] = [];
  const faults: Unreadable[] = [];
  let limits = INBOUND_LIMITS;
  for (const [index, item] of body.entries()) {
    const read = isEvent(item) ? structured(item, `/${index}`, limits) : notAnEvent(`/${index}/specversion`);
    if (read.kind === 'unreadable') faults.push(read);
    else {
      events.push(read.event);
      limits = limitsLeft(limits, read.use);
    }
  }
  return { kind: 'events', events, faults };
}

function isEvent(value: unknown): value is Readonly<Record<string, unknown>> {
  return isObject(value) && typeof at(value, ['specversion']) === 'string';
}

function notAnEvent(pointer: string): Unreadable {
  return unreadable(pointer, 'No CloudEvent: there is no specversion in headers or body.');
}

/** An event in structured mode, and how much JSON stood in it as a text. */
interface Structured {
  kind: 'structured';
  event: CloudEvent;
  use: JsonUse;
}

const NO_USE: JsonUse = { members: 0, values: 0 };

/**
 * Data that is JSON in base64 is read like any other, but has one place: all of it.
 * @param limits what it may hold beside that of the events before it
 */
function structured(
  document: Readonly<Record<string, unknown>>,
  base: string,
  limits: CountedLimits,
): Structured | Unreadable {
  const encoded = encodedDataOf(document);
  if (encoded === null) {
    return { kind: 'structured', event: { document, whence: (pointer) => base + pointer }, use: NO_USE };
  }
  const place = `${base}/data_base64`;
  const read = jsonIn(encoded, limits);
  if (read === 'too_much') return unreadable(place, TOO_MUCH);
  const event: CloudEvent = {
    document: { ...document, data: read.value },
    whence: (pointer) => (isIn('/data', pointer) ? place : base + pointer),
  };
  return { kind: 'structured', event, use: read.use };
}

const TOO_MUCH = `The JSON in base64 has, with that of the events before it, more than ${INBOUND_LIMITS.maxMembers} members or ${INBOUND_LIMITS.maxValues} values, or is nested deeper than ${INBOUND_LIMITS.maxDepth} levels.`;

function encodedDataOf(document: Readonly<Record<string, unknown>>): string | null {
  const encoded = Object.hasOwn(document, 'data') ? null : at(document, ['data_base64']);
  return typeof encoded === 'string' ? encoded : null;
}

/** Attributes are headers; the body is the data alone. */
function binary({ body, headers }: Carrier): CloudEvent {
  const attributes = Object.entries(headers)
    .filter(([name]) => name.startsWith(PREFIX))
    .map(([name, value]) => [name.slice(PREFIX.length), attributeOf(value)]);
  const document = { ...Object.fromEntries(attributes), data: body } as CloudEvent['document'];
  return {
    document,
    whence: (pointer) =>
      isIn('/data', pointer) ? pointer.slice('/data'.length) : `header:${PREFIX}${pointer.slice(1)}`,
  };
}

function isIn(parent: string, pointer: string): boolean {
  return pointer === parent || pointer.startsWith(`${parent}/`);
}

function headerOf(headers: Carrier['headers'], name: string): string | undefined {
  return Object.hasOwn(headers, name) ? headers[name] : undefined;
}

/** Quotes off first, then one round of percent-decoding (HTTP protocol binding §3.1.3.2). */
function attributeOf(value: string): string {
  const quoted = /^"(.*)"$/s.exec(value)?.[1];
  const text = quoted === undefined ? value : quoted.replace(/\\(.)/gs, '$1');
  return text.replace(ENCODED, (run) =>
    utf8.decode(Uint8Array.from(run.slice(1).split('%'), (hex) => Number.parseInt(hex, 16))),
  );
}

/** What is no JSON has no value: data may be anything. */
function jsonIn(base64: string, limits: CountedLimits): { value: unknown; use: JsonUse } | 'too_much' {
  const bytes = fromBase64(base64);
  if (bytes === null) return NO_JSON;
  const parsed = parseJson(bytes, limits);
  if (parsed.kind === 'parsed') return parsed;
  return TOO_MUCH_CODES.has(parsed.code) ? 'too_much' : { ...NO_JSON, use: useOf(bytes, limits) };
}

const NO_JSON = { value: undefined, use: NO_USE };

/** What is found to be no JSON at its end alone took as long to parse as what is. */
function useOf(bytes: Uint8Array, limits: CountedLimits): JsonUse {
  const scanned = scanJson(bytes, limits);
  return scanned.kind === 'scanned' ? scanned.use : NO_USE;
}

const TOO_MUCH_CODES: ReadonlySet<string> = new Set(['too_deep', 'too_many_members', 'too_many_values']);
