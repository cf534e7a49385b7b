/** The events of a batch, each checked for itself. */
import { itemSpans, type JsonLimits, parseJson, type Span, scanJson } from '../core/json.ts';
import { strictly, whyNotJson } from '../core/json-refusal.ts';
import { type FieldError, type Problem, problem } from '../core/problem.ts';
import type { Breaks } from '../flows/breaks.ts';
import { BATCH_JSON, EVENT_JSON, MAX_JSON_DEPTH, readJsonObject, refusalOf } from './body.ts';
import { type EventFields, readEvent } from './event-input.ts';
import { type Fields, readFields } from './fields.ts';
import { dataBytes } from './publish-route.ts';
import { batchOuter, MAX_BATCH_EVENTS } from './schemas/event.ts';
import type { z } from './schemas/zod.ts';

/** One event of a batch, or what is wrong with it; pointers are from the root of the body. */
export type ReadItem =
  /** `bytes` as they stand in the body, `dataBytes` in an allocation of their own. */
  { kind: 'item'; fields: EventFields; bytes: Uint8Array; dataBytes: Uint8Array } | Problem;

export interface ReadBatch {
  kind: 'batch';
  atomic: boolean;
  items: readonly ReadItem[];
}

type Body = Readonly<Record<string, unknown>>;

const OPEN_ARRAY = 0x5b;
const SPACE = 0x20;
const EMPTY_LIST = new TextEncoder().encode('[]');
/** What stands around the events, and whatever stands in their place if they are no list. */
const OUTER_JSON: JsonLimits = { ...EVENT_JSON, maxDepth: MAX_JSON_DEPTH + 2 };

/**
 * Reads a whole batch; a problem when it is none. All is counted before any of it is parsed, and each event is parsed on
 * its own: a thousand of them take a second on a busy machine.
 * @param maxEventBytes the limit of each event
 * @param due asked between events
 */
export async function readBatch(bytes: Uint8Array, maxEventBytes: number, due: Breaks): Promise<ReadBatch | Problem> {
  const scanned = scanJson(bytes, { ...BATCH_JSON, maxDepth: Number.POSITIVE_INFINITY });
  if (scanned.kind === 'refused') return refusalOf(scanned.code === 'malformed' ? whyNotJson(bytes) : scanned);
  const list = scanned.spans.get('events');
  if (list === undefined || bytes[list.start] !== OPEN_ARRAY) return notABatch(bytes);
  const spans = await spansOf(bytes, list, due);
  if (spans === null) return noJson(bytes);
  const outer = readOuter(bytes, list, spans.length);
  if (outer.kind === 'problem') return outer;
  const items: ReadItem[] = [];
  for (const [at, { start, end }] of spans.entries()) {
    const read = readItem(bytes.subarray(start, end), maxEventBytes);
    if (read === 'no_json') return noJson(bytes);
    items.push(read.kind === 'problem' ? pointed(read, at) : read);
    await due();
  }
  return { kind: 'batch', atomic: outer.fields.atomic ?? false, items };
}

/** The events of a list, and one more than there may be at most; null where it is none. */
async function spansOf(bytes: Uint8Array, list: Span, due: Breaks): Promise<readonly Span[] | null> {
  const spans: Span[] = [];
  for (const span of itemSpans(bytes, list)) {
    if (span === null) return null;
    spans.push(span);
    if (spans.length > MAX_BATCH_EVENTS) break;
    await due();
  }
  return spans;
}

/** What stands around the events, checked as if each of them were right. */
function readOuter(bytes: Uint8Array, list: Span, count: number): Fields<z.output<typeof batchOuter>> {
  const around = Buffer.concat([bytes.subarray(0, list.start), EMPTY_LIST, bytes.subarray(list.end)]);
  const json = parseJson(around, OUTER_JSON);
  if (json.kind === 'parsed')
    return readFields(batchOuter, { ...(json.value as Body), events: Array(count).fill(null) });
  return isTooMuch(json.code) ? tooMuchAround(bytes, list) : noJson(bytes);
}

/** Says where it is too much: everything is looked at where it stands. */
function tooMuchAround(bytes: Uint8Array, list: Span): Problem {
  const around = bytes.slice().fill(SPACE, list.start + 1, list.end - 1);
  const scanned = scanJson(around, OUTER_JSON);
  return scanned.kind === 'refused' ? refusalOf(scanned) : noJson(bytes);
}

/** The refusal of what is no batch, or no JSON. */
function notABatch(bytes: Uint8Array): Problem {
  const json = readJsonObject(bytes, OUTER_JSON);
  if (json.kind === 'problem') return json;
  const outer = readFields(batchOuter, json.value);
  if (outer.kind === 'problem') return outer;
  throw new Error('a batch without events was taken for one');
}

function noJson(bytes: Uint8Array): Problem {
  return refusalOf(whyNotJson(bytes));
}

function readItem(bytes: Uint8Array, maxBytes: number): ReadItem | 'no_json' {
  const json = parseJson(bytes, EVENT_JSON);
  if (json.kind === 'refused' && !isTooMuch(json.code) && !isJson(bytes)) return 'no_json';
  if (bytes.length > maxBytes) {
    return problem('body_too_large', { detail: `The event is over the limit of ${maxBytes} bytes.` });
  }
  if (json.kind === 'refused') return json.code === 'too_deep' ? TOO_DEEP : refusalOf(json);
  // The scan lets nothing but an object through.
  const fields = readEvent(json.value as Body);
  if (fields.kind === 'problem') return fields;
  return { kind: 'item', fields, bytes, dataBytes: dataBytes(bytes, json.spans) };
}

const TOO_DEEP = problem('json_too_deep', { detail: `The event is nested deeper than ${MAX_JSON_DEPTH} levels.` });

/** What was not parsed because of it: it may be JSON or not. */
const TOO_MUCH: ReadonlySet<string> = new Set(['too_deep', 'too_many_members', 'too_many_values', 'too_many_names']);

function isTooMuch(code: string): boolean {
  return TOO_MUCH.has(code);
}

/** Whether what is no event is JSON at least. */
function isJson(bytes: Uint8Array): boolean {
  const text = strictly(bytes);
  try {
    return text !== null && JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
}

/** The problem of an event with its pointers made those of the batch; there is one at least. */
export function pointed(refusal: Problem, at: number): Problem {
  const pointer = `/events/${at}`;
  const own: readonly FieldError[] = refusal.errors ?? [{ pointer: '', message: refusal.detail ?? refusal.code }];
  return { ...refusal, errors: own.map((error) => ({ ...error, pointer: pointer + error.pointer })) };
}
