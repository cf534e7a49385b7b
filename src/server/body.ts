/** Request bodies: their size before and while they are read, their type, and what they parse to. */
import { type JsonLimits, type JsonRefusal, parseJson, type ScanFault, type Spans } from '../core/json.ts';
import { letGo } from '../core/let-go.ts';
import { type Problem, type ProblemCode, problem } from '../core/problem.ts';
import { LARGE_BODY_BYTES, type LargeBodiesOfSender } from './large-bodies.ts';
import { awaitBody, bytesRefusal, hold, type Load, OVERLOADED, type Stay } from './load.ts';

/** Objects and arrays may stand inside each other this deep. */
export const MAX_JSON_DEPTH = 64;

/** No request has a dozen fields of its own, and each name is decoded and kept. */
const MAX_NAMES = 1000;

/**
 * What an event may hold. However few bytes they take, a member costs up to 3 µs to parse and to check, a value 0.3 µs:
 * a body of the smallest ones would keep everybody waiting for seconds.
 */
export const EVENT_JSON: JsonLimits = {
  maxDepth: MAX_JSON_DEPTH,
  maxMembers: 50_000,
  maxValues: 250_000,
  maxNames: MAX_NAMES,
};
/** All events of a batch together, and the object and the list around them. */
export const BATCH_JSON: JsonLimits = {
  maxDepth: MAX_JSON_DEPTH + 2,
  maxMembers: 200_000,
  maxValues: 1_000_000,
  maxNames: MAX_NAMES,
};
/** Settings: fifty filters with a thousand values each fit in. */
export const SETTINGS_JSON: JsonLimits = { maxDepth: MAX_JSON_DEPTH, maxMembers: 5000, maxValues: 60_000 };

/** What a request declares about its body. */
export interface BodyHeaders {
  contentLength: string | null | undefined;
  contentEncoding: string | null | undefined;
}

/** `isOurs`: in an allocation that was made for it, so that whoever looks at it last may let go of it. */
export type ReadBytes = { kind: 'bytes'; bytes: Uint8Array; isOurs?: boolean } | Problem;
export type ReadJson = { kind: 'json'; value: unknown; spans: Spans } | Problem;

/** A body on its way into memory. */
export interface Intake {
  readonly load: Load;
  readonly stay: Stay;
  readonly maxBytes: number;
  /** How long it is declared to be; 0 where nothing is declared. */
  readonly declaredBytes: number;
  /** Room for one that turns out to be large; null where none is asked for. */
  readonly largeBodies: LargeBodiesOfSender | null;
  /** What has come; longer than `length` by room for more. */
  bytes: Uint8Array;
  length: number;
  /** Whether `bytes` was allocated here: a single chunk is its sender's. */
  isOurs: boolean;
  /** Whether it was let in among the large ones. */
  hasRoom: boolean;
}

/** Where a body is read into. */
export interface BodyPlace {
  load: Load;
  stay: Stay;
  largeBodies?: LargeBodiesOfSender | null;
}

/** Reads the body of a request within its own limit and within what all bodies may take, if it need be read at all. */
export async function readBody(
  { load, stay, largeBodies = null }: BodyPlace,
  headers: BodyHeaders,
  maxBytes: number,
  read: (intake: Intake) => Promise<ReadBytes>,
): Promise<ReadBytes> {
  const declaredBytes = declaredLength(headers);
  const refusal = bodyRefusal(headers, declaredBytes, maxBytes) ?? bytesRefusal(load, stay, declaredBytes);
  if (refusal !== null) return refusal;
  const intake = { load, stay, maxBytes, declaredBytes, largeBodies, ...NOTHING_YET };
  const asksFirst = largeBodies !== null && declaredBytes > LARGE_BODY_BYTES;
  return awaitBody(load, stay, () => (asksFirst ? readInRoom(intake, read) : read(intake)));
}

/** One that is declared large waits before anything of it is taken in. */
async function readInRoom(intake: Intake, read: (intake: Intake) => Promise<ReadBytes>): Promise<ReadBytes> {
  return (await roomRefusal(intake)) ?? read(intake);
}

/** Whether the chunk that was just taken makes the body one that has to ask for room. */
export function turnsLarge(intake: Intake): boolean {
  return isLarge(intake) && !intake.hasRoom;
}

/** Whether what has come of it makes it a large one. */
export function isLarge({ largeBodies, length }: Intake): boolean {
  return largeBodies !== null && length > LARGE_BODY_BYTES;
}

/** Waits for room for a body that turned large, which it keeps until its request leaves; why not, if there is none. */
export async function roomRefusal(intake: Intake): Promise<Problem | null> {
  const { largeBodies, stay, declaredBytes, maxBytes } = intake;
  const leave = await largeBodies?.enter(declaredBytes || maxBytes);
  if (leave == null) return OVERLOADED;
  // Its sender may have broken off while it waited: nobody would give the room back any more.
  intake.hasRoom = true;
  const end = () => {
    drop(intake);
    leave();
  };
  if (stay.hasLeft) end();
  else stay.leaves.push(end);
  return null;
}

const NO_BYTES = new Uint8Array(0);
const NOTHING_YET = { bytes: NO_BYTES, length: 0, isOurs: false, hasRoom: false };

/** Of a body that is not taken in nothing is kept: its sender may go on writing for a while. */
function drop(intake: Intake): void {
  if (intake.isOurs) letGo(intake.bytes);
  intake.bytes = NO_BYTES;
}

/** What is no number says nothing; Node has refused such a request before. */
function declaredLength({ contentLength }: BodyHeaders): number {
  const declared = Number(contentLength ?? 0);
  return declared > 0 ? declared : 0;
}

/** Refuses what need not be read: a body declared over the limit, or one that is compressed. */
function bodyRefusal({ contentEncoding }: BodyHeaders, declaredBytes: number, maxBytes: number): Problem | null {
  const encoding = contentEncoding ?? 'identity';
  if (encoding.trim().toLowerCase() !== 'identity') return problem('unsupported_encoding');
  return declaredBytes > maxBytes ? tooLarge(maxBytes) : null;
}

/**
 * Takes the next chunk in; a body of one chunk is not copied. Chunks are not kept as they come: each is an object of
 * some hundred bytes, and a body may come byte by byte.
 * @returns why not, if there is no room for it
 */
export function take(intake: Intake, chunk: Uint8Array): Problem | null {
  const length = intake.length + chunk.length;
  const capacity = capacityFor(intake, length);
  const refusal =
    length > intake.maxBytes
      ? tooLarge(intake.maxBytes)
      : hold(intake.load, intake.stay, capacity - intake.bytes.length);
  if (refusal !== null) {
    drop(intake);
    return refusal;
  }
  if (intake.length === 0) intake.bytes = chunk;
  else {
    if (capacity > intake.bytes.length) grow(intake, capacity);
    intake.bytes.set(chunk, intake.length);
  }
  intake.length = length;
  return null;
}

/** Least room for a body of many chunks, in bytes. */
const LEAST_ROOM = 4096;

/**
 * Room for `length` bytes; twice as much each time, so that a body is copied about once however many chunks it has. A
 * large one that is well on its way is believed to become as long as it is declared, and not copied again.
 */
function capacityFor({ bytes, length: before, declaredBytes, maxBytes }: Intake, length: number): number {
  if (before === 0 || length <= bytes.length) return Math.max(length, bytes.length);
  if (declaredBytes > length && before > LARGE_BODY_BYTES) return declaredBytes;
  const most = declaredBytes > 0 ? declaredBytes : maxBytes;
  return Math.max(length, Math.min(most, Math.max(LEAST_ROOM, 2 * bytes.length)));
}

/** Moves what has come to an allocation of that size. */
function grow(intake: Intake, capacity: number): void {
  const { bytes, length, isOurs } = intake;
  intake.bytes = new Uint8Array(capacity);
  intake.bytes.set(length === bytes.length ? bytes : bytes.subarray(0, length));
  intake.isOurs = true;
  if (isOurs && bytes.length > LARGE_BODY_BYTES) letGo(bytes);
}

/** The whole body, after its last chunk; the intake keeps nothing of it. That of a door stands in no larger room. */
export function taken(intake: Intake): ReadBytes {
  const { length, largeBodies } = intake;
  if (largeBodies !== null && intake.isOurs && length < intake.bytes.length) grow(intake, length);
  const { bytes, isOurs } = intake;
  intake.bytes = NO_BYTES;
  return { kind: 'bytes', bytes: length === bytes.length ? bytes : bytes.subarray(0, length), isOurs };
}

/** The refusal of a body over the limit. */
function tooLarge(maxBytes: number): Problem {
  return problem('body_too_large', { detail: `The body is over the limit of ${maxBytes} bytes.` });
}

/** Takes in a whole stream, whatever is declared about it. */
export async function readStream(stream: AsyncIterable<Uint8Array> | null, intake: Intake): Promise<ReadBytes> {
  try {
    for await (const chunk of stream ?? []) {
      const refusal = take(intake, chunk);
      if (refusal !== null) return refusal;
      const crowded = turnsLarge(intake) ? await roomRefusal(intake) : null;
      if (crowded !== null) return crowded;
    }
  } catch {
    return endedEarly();
  }
  return taken(intake);
}

/** The refusal of a body whose connection broke. */
export function endedEarly(): Problem {
  return problem('invalid_json', { detail: 'The body ended before it was complete.' });
}

/** `application/json`, in UTF-8 where it says so. */
const JSON_CONTENT = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** The refusal of a body that is not declared as JSON. */
export function typeRefusal(contentType: string | null | undefined): Problem | null {
  return JSON_CONTENT.test((contentType ?? '').trim()) ? null : problem('unsupported_media_type');
}

/** Parses a body that has to be one JSON object. */
export function readJsonObject(bytes: Uint8Array, limits: JsonLimits): ReadJson {
  const parsed = parseJson(bytes, limits);
  if (parsed.kind === 'parsed') return { kind: 'json', value: parsed.value, spans: parsed.spans };
  return refusalOf(parsed);
}

const CODES: Readonly<Partial<Record<ScanFault | 'invalid_utf8', ProblemCode>>> = {
  too_deep: 'json_too_deep',
  too_many_members: 'json_too_many',
  too_many_values: 'json_too_many',
  too_many_names: 'json_too_many',
};

/** The problem that a refused text is. */
export function refusalOf(refusal: JsonRefusal<ScanFault | 'invalid_utf8'>): Problem {
  const { message, pointer } = refusal;
  return problem(CODES[refusal.code] ?? 'invalid_json', {
    detail: message,
    ...(pointer === undefined ? {} : { errors: [{ pointer, message }] }),
  });
}
