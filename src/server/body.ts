/** Request bodies: their size before and while they are read, their type, and what they parse to. */
import { type JsonRefusal, parseJson, type ScanFault, type Spans } from '../core/json.ts';
import { type Problem, problem } from '../core/problem.ts';

/** Objects and arrays may stand inside each other this deep. */
export const MAX_JSON_DEPTH = 64;

/** What a request declares about its body. */
export interface BodyHeaders {
  contentLength: string | null | undefined;
  contentEncoding: string | null | undefined;
}

export type ReadBytes = { kind: 'bytes'; bytes: Uint8Array } | Problem;
export type ReadJson = { kind: 'json'; value: unknown; spans: Spans } | Problem;

/** Refuses what need not be read: a body declared over the limit, or one that is compressed. */
export function bodyRefusal(headers: BodyHeaders, maxBytes: number): Problem | null {
  const encoding = headers.contentEncoding ?? 'identity';
  if (encoding.trim().toLowerCase() !== 'identity') return problem('unsupported_encoding');
  return Number(headers.contentLength ?? 0) > maxBytes ? tooLarge(maxBytes) : null;
}

/** The refusal of a body over the limit. */
export function tooLarge(maxBytes: number): Problem {
  return problem('body_too_large', { detail: `The body is over the limit of ${maxBytes} bytes.` });
}

/** Reads a body whatever it declares about its size, up to `maxBytes`. */
export async function readBytes(stream: AsyncIterable<Uint8Array> | null, maxBytes: number): Promise<ReadBytes> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of stream ?? []) {
      length += chunk.length;
      if (length > maxBytes) return tooLarge(maxBytes);
      chunks.push(chunk);
    }
  } catch {
    return endedEarly();
  }
  return { kind: 'bytes', bytes: joined(chunks, length) };
}

/** The refusal of a body whose connection broke. */
export function endedEarly(): Problem {
  return problem('invalid_json', { detail: 'The body ended before it was complete.' });
}

/** The chunks of a body as one; a single chunk is not copied. */
export function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const only = chunks[0];
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length);
}

/** `application/json`, in UTF-8 where it says so. */
const JSON_CONTENT = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** The refusal of a body that is not declared as JSON. */
export function typeRefusal(contentType: string | null | undefined): Problem | null {
  return JSON_CONTENT.test((contentType ?? '').trim()) ? null : problem('unsupported_media_type');
}

/** Parses a body that has to be one JSON object. */
export function readJsonObject(bytes: Uint8Array): ReadJson {
  const parsed = parseJson(bytes, { maxDepth: MAX_JSON_DEPTH });
  if (parsed.kind === 'parsed') return { kind: 'json', value: parsed.value, spans: parsed.spans };
  return refusalOf(parsed);
}

function refusalOf(refusal: JsonRefusal<ScanFault | 'invalid_utf8'>): Problem {
  const code = refusal.code === 'too_deep' ? 'json_too_deep' : 'invalid_json';
  const { message, pointer } = refusal;
  return problem(code, { detail: message, ...(pointer === undefined ? {} : { errors: [{ pointer, message }] }) });
}
