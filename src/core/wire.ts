/**
 * What goes over the wire for one try: exactly the bytes that are signed are sent. Pure, so that a past try can be
 * rendered again from the event and the version of the subscription it used.
 */
import type { HookEvent } from './event.ts';
import { HOPS_HEADER, hopsOf } from './hops.ts';
import type { Id } from './ids.ts';
import { envelopeTimeMs, type ProfileName, profiles } from './profile.ts';
import type { Hmac } from './signature/schemes.ts';
import { hexSignature, signatureKey, standardSignature } from './signature/sign.ts';
import type { Auth, SubscriptionConfig } from './subscription.ts';
import { isoTime } from './time.ts';

/** Everything a try's bytes are made of. `nowMs` is when it is, or was, sent. */
export type RenderInput = Omit<WireInput, 'dueMs' | 'madeAtMs'>;

export interface WireInput {
  event: HookEvent;
  subscriptionId: Id;
  config: SubscriptionConfig;
  deliveryId: Id;
  /** Number of this try, from 1. */
  n: number;
  /** Place in the order of its key, of an ordered delivery; null for others. */
  sequence: number | null;
  /** When the delivery was made: the event's acceptance for a first delivery, the request's for a redelivery. */
  madeAtMs: number;
  /** When this try fell due. */
  dueMs: number;
  nowMs: number;
}

export interface WireRequest {
  headers: Record<string, string>;
  body: Uint8Array;
  envelopeAtMs: number;
}

/** Pure functions of `node:crypto` or WebCrypto, handed in. */
export interface Digests {
  hmac: Hmac;
  sha256(message: Uint8Array): Uint8Array;
}

const utf8 = new TextEncoder();
const CLOSING_BRACE = 0x7d;

/** Renders one try: envelope, authentication, the profile's headers and ours. Later names win over earlier ones. */
export function renderRequest(input: WireInput, digests: Digests): WireRequest {
  const { config, event, madeAtMs, dueMs, nowMs } = input;
  const times = { acceptedAtMs: event.acceptedAtMs, madeAtMs, dueMs, nowMs };
  return renderAt(input, envelopeTimeMs(profiles[config.profile], times), digests);
}

/** Renders a try whose envelope time is known already, such as a past one. */
export function renderAt(input: RenderInput, envelopeAtMs: number, digests: Digests): WireRequest {
  const { config, event } = input;
  const body = renderBody(input, envelopeAtMs);
  const headers: Headers = { 'content-type': 'application/json', 'user-agent': 'Hookyard/0.1' };
  putLowerCased(headers, event.headers);
  putLowerCased(headers, config.headers);
  putAuth(headers, config.auth);
  putProfile[config.profile](headers, input, envelopeAtMs, body, digests.hmac);
  putOwn(headers, input, digests);
  return { headers, body, envelopeAtMs };
}

/** The body of a try whose envelope carries `envelopeAtMs`; `data` byte for byte as it was accepted. */
function renderBody(input: RenderInput, envelopeAtMs: number): Uint8Array {
  const { event, config } = input;
  if (config.envelope === 'none') return event.data;
  const id = profiles[config.profile].envelopeId === 'event' ? event.id : input.deliveryId;
  const head = utf8.encode(
    `{"id":"${id}","timestamp":"${isoTime(envelopeAtMs)}","event":${JSON.stringify(event.type)},"tenantId":"${event.tenant}","data":`,
  );
  const body = new Uint8Array(head.length + event.data.length + 1);
  body.set(head);
  body.set(event.data, head.length);
  body[body.length - 1] = CLOSING_BRACE;
  return body;
}

/** Filled in place: a spread for each part would copy it all again, on the path of every delivery. */
type Headers = Record<string, string>;
type PutHeaders = (headers: Headers, input: RenderInput, envelopeAtMs: number, body: Uint8Array, hmac: Hmac) => void;

const putProfile: Record<ProfileName, PutHeaders> = {
  standard: (headers, input, _envelopeAtMs, body, hmac) => {
    const seconds = Math.floor(input.nowMs / 1000);
    headers['webhook-id'] = input.event.id;
    headers['webhook-timestamp'] = `${seconds}`;
    const signatures = keysOf(input.config, 'standard').map((key) =>
      standardSignature(key, input.event.id, seconds, body, hmac),
    );
    if (signatures.length > 0) headers['webhook-signature'] = signatures.join(' ');
  },
  stella: (headers, input, envelopeAtMs, body, hmac) => {
    headers['x-stella-event'] = input.event.type;
    headers['x-stella-delivery'] = input.deliveryId;
    headers['x-stella-timestamp'] = isoTime(envelopeAtMs);
    const [newest, ...older] = keysOf(input.config, 'plain');
    if (newest === undefined) return;
    // A receiver of seed 001 knows one secret: until the rotation ends that is the old one.
    headers['x-stella-signature'] = hexSignature(older.at(-1) ?? newest, body, hmac);
    if (older.length > 0) headers['x-stella-signature-next'] = hexSignature(newest, body, hmac);
    putProfile.standard(headers, input, envelopeAtMs, body, hmac);
  },
};

type KeyStyle = Parameters<typeof signatureKey>[1];
const decodedKeys = { standard: new WeakMap<object, Keys>(), plain: new WeakMap<object, Keys>() };
type Keys = readonly Uint8Array[];

/** The keys of a configuration, newest first; decoded once for as long as the configuration lives. */
function keysOf(config: SubscriptionConfig, style: KeyStyle): Keys {
  const known = decodedKeys[style].get(config);
  if (known !== undefined) return known;
  const keys = config.signatureSecrets.map((secret) => signatureKey(secret, style));
  decodedKeys[style].set(config, keys);
  return keys;
}

function putAuth(headers: Headers, auth: Auth): void {
  switch (auth.type) {
    case 'none':
    case 'signature':
      return;
    case 'basic':
      headers.authorization = `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}`;
      return;
    case 'bearer':
      headers.authorization = `Bearer ${auth.token}`;
      return;
    case 'header':
      headers[auth.name.toLowerCase()] = auth.value;
  }
}

function putOwn(headers: Headers, input: RenderInput, digests: Digests): void {
  headers['hookyard-delivery'] = input.deliveryId;
  headers['hookyard-attempt'] = `${input.n}`;
  if (input.sequence !== null) headers['hookyard-sequence'] = `${input.sequence}`;
  headers[HOPS_HEADER] = `${hopsOf(input.event.headers) + 1}`;
  headers['hookyard-idempotency-key'] = idempotencyKey(input.event, input.subscriptionId, digests.sha256);
  headers.traceparent = traceParent(input.event.id, input.deliveryId);
}

function putLowerCased(headers: Headers, more: Readonly<Record<string, string>>): void {
  for (const name in more) headers[name.toLowerCase()] = more[name] ?? '';
}

/** Lower-case hex `sha256(stored event data + subscription id + event id)` (seed 004). */
export function idempotencyKey(
  event: Pick<HookEvent, 'id' | 'data'>,
  subscriptionId: Id,
  sha256: Digests['sha256'],
): string {
  const ids = utf8.encode(subscriptionId + event.id);
  const message = new Uint8Array(event.data.length + ids.length);
  message.set(event.data);
  message.set(ids, event.data.length);
  return Buffer.from(sha256(message)).toString('hex');
}

/** W3C Trace Context: the event is the trace, the delivery the span. */
function traceParent(eventId: Id, deliveryId: Id): string {
  return `00-${eventId.replaceAll('-', '')}-${deliveryId.replaceAll('-', '').slice(16)}-01`;
}
