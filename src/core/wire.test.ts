import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { verifyStella } from '../../test/support/seed-verifiers.ts';
import {
  ACCEPTED,
  configOf,
  DATA,
  DELIVERY_ID,
  EVENT_ID,
  event,
  rendered,
  SUBSCRIPTION_ID,
  TENANT,
  text,
  WHSEC,
} from '../../test/support/wire.ts';
import { createMac } from '../adapters/mac.ts';
import { PROFILE_NAMES } from './profile.ts';
import type { Auth } from './subscription.ts';
import type { SubscriptionInput } from './subscription-input.ts';
import { renderAt } from './wire.ts';

describe('a standard delivery', () => {
  test('is the envelope with the ids and time of the event around its exact bytes', () => {
    const { body } = rendered({ profile: 'standard' });
    const head = `{"id":"${EVENT_ID}","timestamp":"2026-01-09T10:30:00.000Z","event":"deployment.completed"`;
    assert.equal(text(body), `${head},"tenantId":"${TENANT}","data":${DATA}}`);
  });

  test('is those bytes alone without an envelope', () => {
    const { body, headers } = rendered({ profile: 'standard', envelope: 'none' });
    assert.equal(text(body), DATA);
    assert.equal(headers['webhook-signature'], new Webhook(WHSEC).sign(EVENT_ID, new Date(ACCEPTED), DATA));
  });

  test('is accepted by the reference library, and not when one byte differs', (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: ACCEPTED });
    const { body, headers } = rendered({ profile: 'standard' });
    assert.ok(new Webhook(WHSEC).verify(text(body), headers));
    assert.throws(() => new Webhook(WHSEC).verify(`${text(body)} `, headers));
  });

  test('is signed as the specification says: HMAC-SHA256 of id, time of sending and body', () => {
    const nowMs = ACCEPTED + 5 * 86_400_000 + 999;
    const { body, headers } = rendered({ profile: 'standard' }, { nowMs, dueMs: nowMs, n: 4 });
    const seconds = `${Math.floor(nowMs / 1000)}`;
    const mac = createHmac('sha256', Buffer.alloc(32, 7)).update(`${EVENT_ID}.${seconds}.`).update(body);
    assert.equal(headers['webhook-id'], EVENT_ID);
    assert.equal(headers['webhook-timestamp'], seconds);
    assert.equal(headers['webhook-signature'], `v1,${mac.digest('base64')}`);
    assert.match(text(body), /"timestamp":"2026-01-09T10:30:00.000Z"/);
  });

  test('without a secret has an id and a time and no signature', () => {
    const { headers } = rendered({ profile: 'standard', authType: 'none' });
    assert.equal(headers['webhook-id'], EVENT_ID);
    assert.ok(!('webhook-signature' in headers));
  });
});

describe('a stella delivery', () => {
  test('is the envelope of seed 001 with the id of the delivery, told again in its headers', () => {
    const { body, headers } = rendered({ method: 'PUT' });
    const head = `{"id":"${DELIVERY_ID}","timestamp":"2026-01-09T10:30:00.000Z","event":"deployment.completed"`;
    assert.equal(text(body), `${head},"tenantId":"${TENANT}","data":${DATA}}`);
    assert.equal(headers['x-stella-delivery'], DELIVERY_ID);
    assert.equal(headers['x-stella-event'], 'deployment.completed');
    assert.equal(headers['x-stella-timestamp'], '2026-01-09T10:30:00.000Z');
  });

  for (const secret of ['my-secret-key', WHSEC, 'whsec_', 'pässword 🚀']) {
    test(`signed with ${secret} is accepted by the receiver of seed 001`, () => {
      const config = { ...configOf({ signatureSecret: 'x' }), signatureSecrets: [secret] };
      const { body, headers } = rendered({}, { config });
      assert.ok(verifyStella(body, headers['x-stella-signature'] ?? '', secret));
      assert.ok(!verifyStella(body, headers['x-stella-signature'] ?? '', `${secret}x`));
    });
  }

  test('signed is accepted by Standard Webhooks verifiers too, under the id of the event', (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: ACCEPTED });
    const { body, headers } = rendered({ signatureSecret: WHSEC });
    assert.ok(new Webhook(WHSEC).verify(text(body), headers));
    assert.equal(headers['webhook-id'], EVENT_ID);
  });

  test('that does not ask for signatures has none of either kind', () => {
    const names = Object.keys(rendered({ authType: 'bearer', bearerToken: 't' }).headers);
    assert.deepEqual(
      names.filter((name) => name.startsWith('webhook-') || name.includes('signature')),
      [],
    );
  });

  test('keeps body and own headers in a retry within four minutes and renews only the time of sending', () => {
    const first = rendered({ signatureSecret: 's' });
    const again = rendered({ signatureSecret: 's' }, { n: 2, dueMs: ACCEPTED + 10_000, nowMs: ACCEPTED + 10_500 });
    assert.deepEqual(again.body, first.body);
    const differing = Object.keys(first.headers).filter((name) => first.headers[name] !== again.headers[name]);
    assert.deepEqual(differing.sort(), ['hookyard-attempt', 'webhook-signature', 'webhook-timestamp']);
  });

  test('carries the due time of a later retry in envelope, header and signature alike', () => {
    const dueMs = ACCEPTED + 600_000;
    const { body, headers, envelopeAtMs } = rendered({ signatureSecret: 's' }, { n: 3, dueMs, nowMs: dueMs + 40 });
    assert.equal(envelopeAtMs, dueMs);
    assert.equal(headers['x-stella-timestamp'], '2026-01-09T10:40:00.000Z');
    assert.match(text(body), /"timestamp":"2026-01-09T10:40:00.000Z"/);
    assert.ok(verifyStella(body, headers['x-stella-signature'] ?? '', 's'));
  });
});

describe('every delivery', () => {
  test('says which delivery, try and event it is', () => {
    const { headers } = rendered({}, { n: 3 });
    assert.equal(headers['hookyard-delivery'], DELIVERY_ID);
    assert.equal(headers['hookyard-attempt'], '3');
    assert.equal(headers.traceparent, '00-01994a3c7b207abc8def0123456789ab-910e2a5d0f2af056-01');
    const key = createHash('sha256').update(event.data).update(SUBSCRIPTION_ID).update(EVENT_ID).digest('hex');
    assert.equal(headers['hookyard-idempotency-key'], key);
  });

  const identities: readonly [Auth['type'], Partial<SubscriptionInput>, Record<string, string>][] = [
    ['basic', { basicUsername: 'ada', basicPassword: 'p:ä' }, { authorization: `Basic ${btoa('ada:p:\xc3\xa4')}` }],
    ['bearer', { bearerToken: 't0k3n' }, { authorization: 'Bearer t0k3n' }],
    ['header', { authHeader: { name: 'X-Api-Key', value: 'k3y' } }, { 'x-api-key': 'k3y' }],
  ];
  for (const [authType, input, expected] of identities) {
    test(`shows who sends it: ${authType}`, () => {
      const { headers } = rendered({ authType, ...input });
      assert.deepEqual({ ...headers, ...expected }, headers);
    });
  }

  test("takes the publisher's headers, above them the subscription's, above them its own", () => {
    const named = { ...event, headers: { 'X-Team': 'publisher', 'x-build': '7', 'X-Stella-Event': 'forged' } };
    const { headers } = rendered(
      { headers: { 'x-TEAM': 'receiver', 'content-Type': 'application/vnd.x+json' } },
      { event: named },
    );
    assert.equal(headers['x-team'], 'receiver');
    assert.equal(headers['x-build'], '7');
    assert.equal(headers['content-type'], 'application/vnd.x+json');
    assert.equal(headers['x-stella-event'], 'deployment.completed');
    assert.ok(Object.keys(headers).every((name) => name === name.toLowerCase()));
  });

  test('says its place in an order only where it has one, and is signed alike', () => {
    const plain = rendered({ signatureSecret: 's' });
    assert.ok(!('hookyard-sequence' in plain.headers));
    for (const sequence of [0, 42]) {
      const { headers, body } = rendered({ signatureSecret: 's' }, { sequence });
      assert.deepEqual(headers, { ...plain.headers, 'hookyard-sequence': `${sequence}` });
      assert.deepEqual(body, plain.body);
    }
  });

  test('is JSON unless something else is said', () => {
    assert.equal(rendered({}).headers['content-type'], 'application/json');
  });

  test('can be rendered again from what is kept of it', () => {
    for (const profile of PROFILE_NAMES) {
      const nowMs = ACCEPTED + 600_000;
      const wire = rendered({ profile }, { dueMs: nowMs, nowMs, sequence: 7 });
      const input = { event, config: configOf({ profile }), subscriptionId: SUBSCRIPTION_ID, deliveryId: DELIVERY_ID };
      const again = renderAt({ ...input, isFirst: true, n: 1, sequence: 7, nowMs }, wire.envelopeAtMs, createMac());
      assert.deepEqual(again, wire);
    }
  });
});
