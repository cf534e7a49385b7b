/**
 * What goes over the wire for one try: exactly the bytes that are signed are sent. Pure, so that a past try can be
 * rendered again from the event and the version of the subscription it used.
 */
import type { HookEvent } from './event.ts';
import { FORM_CONTENT_TYPE, formBody } from './form.ts';
import { HOPS_HEADER, hopsOf } from './hops.ts';
import type { Id } from './ids.ts';
import { type BodySignature, envelopeTimeMs, type HeaderFact, nextHeader, type Profile, profiles } from './profile.ts';
import { toHex } from './signature/encoding.ts';
import type { Hmac, Sha256 } from './signature/schemes.ts';
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
  /** Whether it is the delivery that its event itself made: no redelivery, replay or test. */
  isFirst: boolean;
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
  sha256: Sha256;
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
  if (config.contentType === 'form') headers['content-type'] = FORM_CONTENT_TYPE;
  putAuth(headers, config.auth);
  const key = idempotencyKey(input, digests.sha256);
  putProfile(headers, profiles[config.profile], { ...input, envelopeAtMs, body, key }, digests.hmac);
  putOwn(headers, input, key);
  return { headers, body, envelopeAtMs };
}

/** The body of a try whose envelope carries `envelopeAtMs`; `data` byte for byte as it was accepted. */
function renderBody(input: RenderInput, envelopeAtMs: number): Uint8Array {
  const { envelope } = profiles[input.config.profile];
  const isBare = envelope === null || input.config.envelope === 'none';
  const json = isBare ? input.event.data : inEnvelope(input, envelope.id, envelopeAtMs);
  return input.config.contentType === 'form' ? formBody(json) : json;
}

function inEnvelope({ event, deliveryId }: RenderInput, of: 'event' | 'delivery', envelopeAtMs: number): Uint8Array {
  const id = of === 'event' ? event.id : deliveryId;
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

interface Rendered extends RenderInput {
  envelopeAtMs: number;
  body: Uint8Array;
  /** The idempotency key. */
  key: string;
}

const factOf: Record<HeaderFact, (rendered: Rendered) => string> = {
  event: ({ event }) => event.type,
  delivery: ({ deliveryId }) => deliveryId,
  time: ({ envelopeAtMs }) => isoTime(envelopeAtMs),
  idempotency_key: ({ key }) => key,
};

function putProfile(headers: Headers, profile: Profile, rendered: Rendered, hmac: Hmac): void {
  const { facts, bodySignature, standardWebhooks } = profile;
  for (const [name, fact] of facts) headers[name] = factOf[fact](rendered);
  if (bodySignature !== null) putBodySignature(headers, bodySignature, rendered, hmac);
  if (standardWebhooks !== 'never') putStandardWebhooks(headers, standardWebhooks, rendered, hmac);
}

/** Such a receiver knows one secret: until a rotation ends that is the old one, and the new one signs beside it. */
function putBodySignature(
  headers: Headers,
  signature: BodySignature,
  { config, nowMs, body }: Rendered,
  hmac: Hmac,
): void {
  const keys = keysOf(config, 'plain', nowMs);
  const [newest] = keys;
  const oldest = keys.at(-1);
  if (newest === undefined || oldest === undefined) return;
  headers[signature.header] = hexSignature(oldest, body, hmac, signature.prefix);
  if (newest !== oldest) headers[nextHeader(signature)] = hexSignature(newest, body, hmac, signature.prefix);
}

function putStandardWebhooks(
  headers: Headers,
  when: 'always' | 'signed',
  { config, event, nowMs, body }: Rendered,
  hmac: Hmac,
): void {
  const keys = keysOf(config, 'standard', nowMs);
  if (keys.length === 0 && when === 'signed') return;
  const seconds = Math.floor(nowMs / 1000);
  headers['webhook-id'] = event.id;
  headers['webhook-timestamp'] = `${seconds}`;
  const signatures = keys.map((key) => standardSignature(key, event.id, seconds, body, hmac));
  if (signatures.length > 0) headers['webhook-signature'] = signatures.join(' ');
}

type KeyStyle = Parameters<typeof signatureKey>[1];
type Keys = readonly Uint8Array[];
const decodedKeys = { standard: new WeakMap<object, Keys>(), plain: new WeakMap<object, Keys>() };

/** The keys that sign at `nowMs`, newest first; decoded once for as long as the configuration lives. */
function keysOf(config: SubscriptionConfig, style: KeyStyle, nowMs: number): Keys {
  const known = decodedKeys[style].get(config) ?? decodeKeys(config, style);
  const { signatureSecrets, retiringSecrets } = config;
  if (retiringSecrets.length === 0) return known;
  return known.filter((_, at) => (retiringSecrets[at - signatureSecrets.length]?.untilMs ?? Infinity) > nowMs);
}

function decodeKeys(config: SubscriptionConfig, style: KeyStyle): Keys {
  const secrets = [...config.signatureSecrets, ...config.retiringSecrets.map(({ secret }) => secret)];
  const keys = secrets.map((secret) => signatureKey(secret, style));
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

function putOwn(headers: Headers, input: RenderInput, key: string): void {
  headers['hookyard-delivery'] = input.deliveryId;
  headers['hookyard-attempt'] = `${input.n}`;
  if (input.sequence !== null) headers['hookyard-sequence'] = `${input.sequence}`;
  headers[HOPS_HEADER] = `${hopsOf(input.event.headers) + 1}`;
  headers['hookyard-idempotency-key'] = key;
  headers.traceparent = traceParent(input.event.id, input.deliveryId);
}

function putLowerCased(headers: Headers, more: Readonly<Record<string, string>>): void {
  for (const name in more) headers[name.toLowerCase()] = more[name] ?? '';
}

/** What the idempotency key of a delivery is made of. */
export interface Keyed {
  event: Pick<HookEvent, 'id' | 'data'>;
  subscriptionId: Id;
  config: Pick<SubscriptionConfig, 'profile'>;
  isFirst: boolean;
}

/**
 * Lower-case hex `sha256(stored event data + subscription id + event id)` (seed 004). Under `forge` the event id of
 * any but a first delivery is empty, so that its receiver does not take it for one it has had.
 */
export function idempotencyKey(of: Keyed, sha256: Sha256): string {
  const { event, subscriptionId, config, isFirst } = of;
  const eventId = !isFirst && profiles[config.profile].repeatsWithoutEvent ? '' : event.id;
  const ids = utf8.encode(subscriptionId + eventId);
  const message = new Uint8Array(event.data.length + ids.length);
  message.set(event.data);
  message.set(ids, event.data.length);
  return toHex(sha256(message));
}

/** W3C Trace Context: the event is the trace, the delivery the span. */
function traceParent(eventId: Id, deliveryId: Id): string {
  return `00-${eventId.replaceAll('-', '')}-${deliveryId.replaceAll('-', '').slice(16)}-01`;
}
