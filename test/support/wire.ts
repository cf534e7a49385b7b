/** One event to one subscription, rendered as it goes over the wire. */
import assert from 'node:assert/strict';
import { createMac } from '../../src/adapters/mac.ts';
import type { HookEvent } from '../../src/core/event.ts';
import type { SubscriptionConfig } from '../../src/core/subscription.ts';
import { completeSubscription, type SubscriptionInput } from '../../src/core/subscription-input.ts';
import { renderRequest, type WireInput, type WireRequest } from '../../src/core/wire.ts';

export const ACCEPTED = Date.UTC(2026, 0, 9, 10, 30);
export const EVENT_ID = '01994a3c-7b20-7abc-8def-0123456789ab';
export const DELIVERY_ID = '01994a3c-7b20-75c6-910e-2a5d0f2af056';
export const SUBSCRIPTION_ID = '01994a3c-0000-7000-8000-0000000000ff';
export const TENANT = '01900000-0000-7000-8000-000000000001';
export const WHSEC = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
/** Bytes that no parser and printer of JSON would give back. */
export const DATA = '{ "n": 1.0, "big":12345678901234567890,"e":1E400, "z":"\\u00e9 é +&=%", "a":null }';

export const event: HookEvent = {
  id: EVENT_ID,
  tenant: TENANT,
  type: 'deployment.completed',
  owner: null,
  externalId: null,
  orderingKey: null,
  tags: [],
  headers: {},
  occurredAtMs: ACCEPTED,
  acceptedAtMs: ACCEPTED,
  source: { kind: 'api', id: null },
  data: new TextEncoder().encode(DATA),
};

/** A configuration; a secret that is to be made is `WHSEC`. */
export function configOf(input: Partial<SubscriptionInput> = {}): SubscriptionConfig {
  const completed = completeSubscription({ url: 'https://example.com', ...input }, () => WHSEC);
  assert.ok(completed.kind === 'config', JSON.stringify(completed));
  return completed.config;
}

/** The first try of the event's own delivery, 20 ms after it was accepted, unless told. */
export function rendered(input: Partial<SubscriptionInput>, changes: Partial<WireInput> = {}): WireRequest {
  const times = { madeAtMs: ACCEPTED, dueMs: ACCEPTED, nowMs: ACCEPTED + 20 };
  const ids = { event, subscriptionId: SUBSCRIPTION_ID, deliveryId: DELIVERY_ID, isFirst: true, n: 1, sequence: null };
  return renderRequest({ ...ids, ...times, config: configOf(input), ...changes }, createMac());
}

/** Bytes as text. */
export const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
