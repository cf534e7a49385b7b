/**
 * What goes over the wire for one try: exactly the bytes that are signed are sent. Pure, so that a past try can be
 * rendered again from the event and the version of the subscription it used.
 */
import type { HookEvent } from './event.ts';
import type { Id } from './ids.ts';
import { envelopeTimeMs, type ProfileName, profiles } from './profile.ts';
import type { Hmac } from './signature/schemes.ts';
import { hexSignature, signatureKey, standardSignature } from './signature/sign.ts';
import type { Auth, SubscriptionConfig } from './subscription.ts';
import { isoTime } from './time.ts';

export interface WireInput {
  event: HookEvent;
  subscriptionId: Id;
  config: SubscriptionConfig;
  deliveryId: Id;
  /** Number of this try, from 1. */
  n: number;
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

/** Renders one try: envelope, authentication, the profile's headers and ours. */
export function renderRequest(input: WireInput, digests: Digests): WireRequest {
  const { config, event } = input;
  const profile = profiles[config.profile];
  const envelopeAtMs = envelopeTimeMs(profile, { ...input, acceptedAtMs: event.acceptedAtMs });
  const body = renderBody(input, envelopeAtMs);
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'user-agent': 'Hookyard/0.1',
    ...lowerCased(event.headers),
    ...lowerCased(config.headers),
    ...authHeaders(config.auth),
    ...profileHeaders[config.profile](input, envelopeAtMs, body, digests.hmac),
    ...ownHeaders(input, digests),
  };
  return { headers, body, envelopeAtMs };
}

/** The body of a try whose envelope carries `envelopeAtMs`; `data` byte for byte as it was accepted. */
export function renderBody(
  input: Omit<WireInput, 'nowMs' | 'dueMs' | 'madeAtMs' | 'n'>,
  envelopeAtMs: number,
): Uint8Array {
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

type HeaderMaker = (input: WireInput, envelopeAtMs: number, body: Uint8Array, hmac: Hmac) => Record<string, string>;

const profileHeaders: Record<ProfileName, HeaderMaker> = {
  standard: (input, _envelopeAtMs, body, hmac) => {
    const seconds = Math.floor(input.nowMs / 1000);
    const plain = { 'webhook-id': input.event.id, 'webhook-timestamp': `${seconds}` };
    const signature = input.config.signatureSecrets
      .map((secret) => standardSignature(signatureKey(secret, 'standard'), input.event.id, seconds, body, hmac))
      .join(' ');
    return signature === '' ? plain : { ...plain, 'webhook-signature': signature };
  },
  stella: (input, envelopeAtMs, body, hmac) => {
    const own = {
      'x-stella-event': input.event.type,
      'x-stella-delivery': input.deliveryId,
      'x-stella-timestamp': isoTime(envelopeAtMs),
    };
    const [newest, ...older] = input.config.signatureSecrets;
    if (newest === undefined) return own;
    const signed = (secret: string) => hexSignature(signatureKey(secret, 'plain'), body, hmac);
    return {
      ...own,
      // A receiver of seed 001 knows one secret: until the rotation ends that is the old one.
      'x-stella-signature': signed(older.at(-1) ?? newest),
      ...(older.length === 0 ? {} : { 'x-stella-signature-next': signed(newest) }),
      ...profileHeaders.standard(input, envelopeAtMs, body, hmac),
    };
  },
};

function authHeaders(auth: Auth): Record<string, string> {
  switch (auth.type) {
    case 'none':
    case 'signature':
      return {};
    case 'basic':
      return { authorization: `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString('base64')}` };
    case 'bearer':
      return { authorization: `Bearer ${auth.token}` };
    case 'header':
      return { [auth.name.toLowerCase()]: auth.value };
  }
}

function ownHeaders(input: WireInput, digests: Digests): Record<string, string> {
  return {
    'hookyard-delivery': input.deliveryId,
    'hookyard-attempt': `${input.n}`,
    'hookyard-idempotency-key': idempotencyKey(input.event, input.subscriptionId, digests.sha256),
    traceparent: traceParent(input.event.id, input.deliveryId),
  };
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

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
