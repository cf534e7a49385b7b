/** What the flat profiles send, what a form is, and what a rotation does to signatures. */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { verifyForeman } from '../../test/support/seed-verifiers.ts';
import {
  ACCEPTED,
  configOf,
  DATA,
  DELIVERY_ID,
  EVENT_ID,
  event,
  rendered,
  SUBSCRIPTION_ID,
  text,
  WHSEC,
} from '../../test/support/wire.ts';
import { createMac } from '../adapters/mac.ts';
import { PROFILE_NAMES, type ProfileName } from './profile.ts';
import type { RetiringSecret } from './subscription.ts';
import type { SubscriptionInput } from './subscription-input.ts';
import { renderAt, type WireRequest } from './wire.ts';

/** The headers without those that travel beside every profile's own. */
const ownOf = ({ headers }: WireRequest) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !/^(hookyard-|traceparent$|user-agent$)/.test(name)));
const hex = (body: Uint8Array, secret: string) => createHmac('sha256', Buffer.from(secret)).update(body).digest('hex');

const FLAT = ['instanode', 'foreman', 'forge'] as const;
const SIGNATURES: Readonly<Record<(typeof FLAT)[number], string>> = {
  instanode: 'x-instanode-signature',
  foreman: 'x-foreman-signature',
  forge: 'x-hub-signature-256',
};

describe('a flat delivery', () => {
  for (const profile of FLAT) {
    test(`of ${profile} is the event's data byte for byte, without an envelope`, () => {
      for (const envelope of [undefined, 'none'] as const) {
        const wire = rendered({ profile, envelope });
        assert.equal(text(wire.body), DATA);
        assert.equal(wire.headers['content-type'], 'application/json');
      }
    });

    for (const secret of ['s3cret', WHSEC, 'whsec_', 'pässword 🚀']) {
      test(`of ${profile} signed with ${secret} has sha256= and the lower-case hex of its body`, () => {
        const config = { ...configOf({ profile, signatureSecret: 'x' }), signatureSecrets: [secret] };
        const { body, headers } = rendered({}, { config });
        const signature = headers[SIGNATURES[profile]] ?? '';
        assert.equal(signature, `sha256=${hex(body, secret)}`);
        assert.ok(verifyForeman(body, signature, secret));
        assert.ok(!verifyForeman(body, signature, `${secret}x`));
        assert.ok(!verifyForeman(body, signature.toUpperCase(), secret));
      });
    }

    test(`of ${profile} without a secret has no signature, whoever is authenticated otherwise`, () => {
      const inputs: Partial<SubscriptionInput>[] = [{ authType: 'none' }, { authType: 'bearer', bearerToken: 't' }];
      for (const input of inputs) {
        const names = Object.keys(rendered({ profile, ...input }).headers);
        assert.deepEqual(
          names.filter((name) => /signature|webhook-/.test(name)),
          [],
        );
      }
    });

    test(`of ${profile} is the same again, byte for byte, a week later`, () => {
      const first = rendered({ profile, signatureSecret: 's' });
      const laterMs = ACCEPTED + 7 * 86_400_000;
      const again = rendered({ profile, signatureSecret: 's' }, { n: 3, dueMs: laterMs, nowMs: laterMs + 900 });
      assert.deepEqual(again.body, first.body);
      assert.deepEqual(ownOf(again), ownOf(first));
      const differing = Object.keys(first.headers).filter((name) => first.headers[name] !== again.headers[name]);
      assert.deepEqual(differing, ['hookyard-attempt']);
    });
  }

  test('of instanode and foreman carries nothing of its own but the signature', () => {
    for (const profile of ['instanode', 'foreman'] as const) {
      const names = Object.keys(ownOf(rendered({ profile, signatureSecret: 's' })));
      assert.deepEqual(names, ['content-type', SIGNATURES[profile]]);
    }
  });
});

describe('a forge delivery', () => {
  const keyOver = (eventId: string) =>
    createHash('sha256').update(event.data).update(SUBSCRIPTION_ID).update(eventId).digest('hex');

  test('says event, delivery and idempotency key', () => {
    const { headers, body } = rendered({ profile: 'forge', signatureSecret: 's' });
    assert.deepEqual(ownOf({ headers, body, envelopeAtMs: 0 }), {
      'content-type': 'application/json',
      'x-forge-event': 'deployment.completed',
      'x-forge-delivery': DELIVERY_ID,
      'x-forge-idempotency-key': keyOver(EVENT_ID),
      'x-hub-signature-256': `sha256=${hex(body, 's')}`,
    });
    assert.equal(headers['hookyard-idempotency-key'], keyOver(EVENT_ID));
  });

  test('that is sent again has the same body, a new id and a key over an empty event id', () => {
    const deliveryId = '01994a3c-9999-75c6-910e-2a5d0f2af056';
    const first = rendered({ profile: 'forge', signatureSecret: 's' });
    const again = rendered({ profile: 'forge', signatureSecret: 's' }, { isFirst: false, deliveryId });
    assert.deepEqual(again.body, first.body);
    assert.deepEqual(ownOf(again), {
      ...ownOf(first),
      'x-forge-delivery': deliveryId,
      'x-forge-idempotency-key': keyOver(''),
    });
    assert.equal(again.headers['hookyard-idempotency-key'], keyOver(''));
  });

  test('alone renews the key: that of other profiles is over the event id always', () => {
    for (const profile of PROFILE_NAMES.filter((name) => name !== 'forge')) {
      const { headers } = rendered({ profile }, { isFirst: false });
      assert.equal(headers['hookyard-idempotency-key'], keyOver(EVENT_ID), profile);
    }
  });
});

describe('a redelivery', () => {
  test('of standard keeps the id of the event under a new delivery id', () => {
    const deliveryId = '01994a3c-9999-75c6-910e-2a5d0f2af056';
    const madeAtMs = ACCEPTED + 9e8;
    const { headers, body } = rendered(
      { profile: 'standard' },
      { isFirst: false, deliveryId, madeAtMs, dueMs: madeAtMs, nowMs: madeAtMs },
    );
    assert.equal(headers['webhook-id'], EVENT_ID);
    assert.equal(headers['hookyard-delivery'], deliveryId);
    assert.deepEqual(body, rendered({ profile: 'standard' }).body);
  });

  test('of stella has a new id and a new time around the same data', () => {
    const deliveryId = '01994a3c-9999-75c6-910e-2a5d0f2af056';
    const madeAtMs = ACCEPTED + 86_400_000;
    const { headers, body } = rendered({}, { isFirst: false, deliveryId, madeAtMs, dueMs: madeAtMs, nowMs: madeAtMs });
    assert.equal(headers['x-stella-delivery'], deliveryId);
    assert.equal(headers['x-stella-timestamp'], '2026-01-10T10:30:00.000Z');
    assert.match(text(body), new RegExp(`^{"id":"${deliveryId}","timestamp":"2026-01-10T10:30:00.000Z"`));
    assert.ok(text(body).endsWith(`"data":${DATA}}`));
  });
});

describe('a form', () => {
  const inputs: readonly (readonly [ProfileName, string])[] = [
    ['forge', DATA],
    ['stella', text(rendered({}).body)],
    ['standard', text(rendered({ profile: 'standard' }).body)],
  ];
  for (const [profile, json] of inputs) {
    test(`of ${profile} carries what JSON would be as payload=, and is what is signed`, (t) => {
      t.mock.timers.enable({ apis: ['Date'], now: ACCEPTED });
      const { body, headers } = rendered({ profile, contentType: 'form', signatureSecret: WHSEC });
      assert.equal(headers['content-type'], 'application/x-www-form-urlencoded');
      assert.deepEqual([...new URLSearchParams(text(body))], [['payload', json]]);
      const bare = headers['x-hub-signature-256'] ?? headers['x-stella-signature'];
      if (bare !== undefined) assert.equal(bare.replace('sha256=', ''), hex(body, WHSEC));
      if (profile !== 'forge') {
        const mac = createHmac('sha256', Buffer.alloc(32, 7))
          .update(`${EVENT_ID}.${ACCEPTED / 1000}.`)
          .update(body);
        assert.equal(headers['webhook-signature'], `v1,${mac.digest('base64')}`);
      }
    });
  }

  test('is one, whatever its publisher says', () => {
    const headers = { 'Content-Type': 'application/json' };
    const wire = rendered({ contentType: 'form' }, { event: { ...event, headers } });
    assert.equal(wire.headers['content-type'], 'application/x-www-form-urlencoded');
  });
});

describe('while a rotation lasts', () => {
  const untilMs = ACCEPTED + 1000;
  const OTHER = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
  function rotating(profile: ProfileName, retiring: readonly RetiringSecret[], nowMs: number): WireRequest {
    const config = { ...configOf({ profile, signatureSecret: OTHER }), retiringSecrets: retiring };
    return rendered({}, { config, nowMs });
  }
  const old = [{ secret: WHSEC, untilMs }];

  test('standard signs with both in one header, the newest first, and verifiers that know either accept it', (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: ACCEPTED });
    const { body, headers } = rotating('standard', old, untilMs - 1);
    assert.equal(headers['webhook-signature']?.split(' ').length, 2);
    assert.ok(
      headers['webhook-signature']?.startsWith(new Webhook(OTHER).sign(EVENT_ID, new Date(ACCEPTED), text(body))),
    );
    for (const secret of [OTHER, WHSEC]) assert.ok(new Webhook(secret).verify(text(body), headers));
  });

  test('a header of one value is signed with the old secret, and one beside it with the new one', () => {
    for (const profile of ['stella', ...FLAT] as const) {
      const { body, headers } = rotating(profile, old, untilMs - 1);
      const header = profile === 'stella' ? 'x-stella-signature' : SIGNATURES[profile];
      const prefix = profile === 'stella' ? '' : 'sha256=';
      assert.equal(headers[header], `${prefix}${hex(body, WHSEC)}`);
      assert.equal(headers[`${header}-next`], `${prefix}${hex(body, OTHER)}`);
    }
  });

  test('the oldest secret whose time is not over stands in it', () => {
    const two = [
      { secret: 'second', untilMs: ACCEPTED + 2000 },
      { secret: 'first', untilMs },
    ];
    const signedWith = (nowMs: number, header: string) => {
      const { body, headers } = rotating('foreman', two, nowMs);
      return ['first', 'second', OTHER].find((secret) => headers[header] === `sha256=${hex(body, secret)}`);
    };
    const at = [untilMs - 1, untilMs, ACCEPTED + 1999, ACCEPTED + 2000];
    assert.deepEqual(
      at.map((nowMs) => signedWith(nowMs, 'x-foreman-signature')),
      ['first', 'second', 'second', OTHER],
    );
    assert.deepEqual(
      at.map((nowMs) => signedWith(nowMs, 'x-foreman-signature-next')),
      [OTHER, OTHER, OTHER, undefined],
    );
  });

  test('and from its end on, the new secret signs alone', () => {
    for (const profile of PROFILE_NAMES) {
      const alone = rendered({ profile, signatureSecret: OTHER }, { nowMs: untilMs });
      assert.deepEqual(rotating(profile, old, untilMs), alone, profile);
    }
  });

  test('a past try is rendered with the secrets of its own time, of one configuration and in any order', () => {
    const config = { ...configOf({ signatureSecret: OTHER }), retiringSecrets: old };
    for (const nowMs of [untilMs, untilMs - 1, untilMs]) {
      const wire = rendered({}, { config, nowMs });
      const ids = { event, config, subscriptionId: SUBSCRIPTION_ID, deliveryId: DELIVERY_ID, isFirst: true, n: 1 };
      assert.deepEqual(renderAt({ ...ids, sequence: null, nowMs }, wire.envelopeAtMs, createMac()), wire);
      assert.equal('x-stella-signature-next' in wire.headers, nowMs < untilMs);
    }
  });
});
