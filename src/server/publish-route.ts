/**
 * `POST /api/v1/events`, the hot path: plain checks and no Request or Response objects, so that the Node listener can
 * call it directly. In-process, Hono with a zod body costs about 70 µs a request, which is more than accepting does.
 */
import type { Id } from '../core/ids.ts';
import type { Spans } from '../core/json.ts';
import { publish } from '../flows/publish.ts';
import { callerOf, MAY_PUBLISH } from './auth.ts';
import { EVENT_JSON, type ReadBytes, readJsonObject, typeRefusal } from './body.ts';
import { readEvent } from './event-input.ts';
import { readQuery } from './fields.ts';
import { REPLAYED, readKey } from './idempotency.ts';
import { NOTHING } from './keyed.ts';
import { type Stay, seat } from './load.ts';
import type { Server } from './options.ts';
import { answer, type Refusal, type Reply } from './respond.ts';

export interface PublishRequest {
  authorization: string | null | undefined;
  idempotencyKey: string | null | undefined;
  contentType: string | null | undefined;
  /** null when the path had none. */
  query: URLSearchParams | null;
  read(maxBytes: number): Promise<ReadBytes>;
  stay: Stay;
}

/** A call that publishes, as far as it is the same for one event and for many. */
export interface PublishCall {
  kind: 'call';
  tenant: Id;
  /** null when the caller sent none. */
  key: string | null;
  bytes: Uint8Array;
}

/** Who publishes and what they sent, up to `maxBytes`; nothing of it is parsed. */
export async function readPublishCall(
  server: Server,
  request: PublishRequest,
  maxBytes: number,
): Promise<PublishCall | Refusal> {
  const caller = await callerOf(server.ports, request.authorization, MAY_PUBLISH);
  if (caller.kind === 'problem') return caller;
  const crowded = seat(server.load, request.stay, caller.tenant);
  if (crowded !== null) return crowded;
  if (request.query !== null && request.query.size > 0) {
    const query = readQuery(NOTHING, request.query);
    if (query.kind === 'problem') return query;
  }
  const key = readKey(request.idempotencyKey);
  if (key.kind === 'problem') return key;
  const type = typeRefusal(request.contentType);
  if (type !== null) return type;
  const read = await request.read(maxBytes);
  if (read.kind === 'problem') return read;
  return { kind: 'call', tenant: caller.tenant, key: key.key, bytes: read.bytes };
}

/**
 * Accepts one event: 202 after the durable commit, 200 when its id was accepted before, the first answer again for a
 * repeated key.
 */
export async function publishRequest(server: Server, request: PublishRequest): Promise<Reply> {
  const call = await readPublishCall(server, request, server.limits.event);
  if (call.kind === 'problem') return call;
  const { tenant, key, bytes } = call;
  const json = readJsonObject(bytes, EVENT_JSON);
  if (json.kind === 'problem') return json;
  // `readJsonObject` lets nothing but an object through.
  const event = readEvent(json.value as Readonly<Record<string, unknown>>);
  if (event.kind === 'problem') return event;
  const { kind: _kind, data: value, ...fields } = event;
  const accepted = await publish(server.ports, {
    ...fields,
    tenant,
    value,
    data: dataBytes(bytes, json.spans),
    bodyHash: () => server.ports.mac.sha256(bytes),
    ...(key === null ? {} : { idempotencyKey: key }),
  });
  if (accepted.kind === 'problem') return accepted;
  const { id, deliveries, repeats } = accepted;
  if (repeats === 'id') return answer(200, { id, deliveries, duplicate: true });
  return answer(202, { id, deliveries }, repeats === 'key' ? { headers: REPLAYED } : {});
}

/** The bytes of `data` in an allocation of their own: a slice would keep the whole body, or a pool, alive. */
export function dataBytes(body: Uint8Array, spans: Spans): Uint8Array {
  const span = spans.get('data');
  if (span === undefined) throw new Error('a checked event has no data');
  const own = new Uint8Array(span.end - span.start);
  own.set(body.subarray(span.start, span.end));
  return own;
}
