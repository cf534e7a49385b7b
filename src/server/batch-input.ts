/** The events of a batch, each checked for itself. */
import { withoutDeepItems } from '../core/deep-items.ts';
import { itemSpans, type Span, scanJson } from '../core/json.ts';
import { type FieldError, type Problem, problem } from '../core/problem.ts';
import { BATCH_JSON, MAX_JSON_DEPTH, type ReadJson, readJsonObject, refusalOf, scanEvent } from './body.ts';
import { type EventFields, readEvent } from './event-input.ts';
import { readFields } from './fields.ts';
import { dataBytes } from './publish-route.ts';
import { batchOuter } from './schemas/event.ts';

/** One event of a batch, or what is wrong with it; pointers are from the root of the body. */
export type ReadItem =
  /** `bytes` as they stand in the body, `dataBytes` in an allocation of their own. */
  { kind: 'item'; fields: EventFields; bytes: Uint8Array; dataBytes: Uint8Array } | Problem;

export interface ReadBatch {
  kind: 'batch';
  atomic: boolean;
  items: readonly ReadItem[];
}

const OPEN_ARRAY = 0x5b;

type Body = Exclude<ReadJson, Problem> & {
  /** Places of the events that nest too deeply to be parsed. */
  deep: ReadonlySet<number>;
};

const NONE: ReadonlySet<number> = new Set();

/** Reads a whole batch; a problem when it is none. @param maxEventBytes the limit of each event */
export function readBatch(bytes: Uint8Array, maxEventBytes: number): ReadBatch | Problem {
  const json = readBody(bytes);
  if (json.kind === 'problem') return json;
  const outer = readFields(batchOuter, json.value);
  if (outer.kind === 'problem') return outer;
  const { events, atomic = false } = outer.fields;
  const spans = itemSpans(bytes, spanOf(json.spans.get('events')));
  const items = events.map((value, at) => {
    const { start, end } = spanOf(spans[at]);
    const read = json.deep.has(at) ? tooDeep() : readItem(value, bytes.subarray(start, end), maxEventBytes);
    return read.kind === 'problem' ? pointed(read, at) : read;
  });
  return { kind: 'batch', atomic, items };
}

/** Parses a batch; an event that nests too deeply is that event's own fault. */
function readBody(bytes: Uint8Array): Body | Problem {
  const whole = readJsonObject(bytes, BATCH_JSON);
  if (whole.kind === 'json') return { ...whole, deep: NONE };
  if (whole.code !== 'json_too_deep') return whole;
  const scanned = scanJson(bytes, { ...BATCH_JSON, maxDepth: Number.POSITIVE_INFINITY });
  if (scanned.kind === 'refused' && scanned.code !== 'malformed') return refusalOf(scanned);
  const list = scanned.kind === 'scanned' ? scanned.spans.get('events') : undefined;
  if (list === undefined || bytes[list.start] !== OPEN_ARRAY) return whole;
  const { bytes: shallow, deep } = withoutDeepItems(bytes, list, MAX_JSON_DEPTH);
  const rest = readJsonObject(shallow, BATCH_JSON);
  return rest.kind === 'json' ? { ...rest, deep } : rest;
}

function tooDeep(): Problem {
  return problem('json_too_deep', { detail: `The event is nested deeper than ${MAX_JSON_DEPTH} levels.` });
}

function spanOf(span: Span | undefined): Span {
  if (span === undefined) throw new Error('a checked batch lacks its bytes');
  return span;
}

function readItem(value: unknown, bytes: Uint8Array, maxBytes: number): ReadItem {
  if (bytes.length > maxBytes) {
    return problem('body_too_large', { detail: `The event is over the limit of ${maxBytes} bytes.` });
  }
  const scanned = scanEvent(bytes);
  if (scanned.kind === 'problem') return scanned;
  // The scan lets nothing but an object through.
  const fields = readEvent(value as Readonly<Record<string, unknown>>);
  if (fields.kind === 'problem') return fields;
  return { kind: 'item', fields, bytes, dataBytes: dataBytes(bytes, scanned.spans) };
}

/** The problem of an event with its pointers made those of the batch; there is one at least. */
export function pointed(refusal: Problem, at: number): Problem {
  const pointer = `/events/${at}`;
  const own: readonly FieldError[] = refusal.errors ?? [{ pointer: '', message: refusal.detail ?? refusal.code }];
  return { ...refusal, errors: own.map((error) => ({ ...error, pointer: pointer + error.pointer })) };
}
