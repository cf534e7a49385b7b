import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { completeStored, liveRetiring, pausedMs, type SubscriptionConfig } from './subscription.ts';
import { completeSubscription } from './subscription-input.ts';

const pauses = [
  { fromMs: 100, toMs: 200 },
  { fromMs: 300, toMs: 400 },
  { fromMs: 900, toMs: null },
];

describe('the time a delivery spent paused', () => {
  test('is the sum of all pauses since it was made, the one that lasts included', () => {
    assert.equal(pausedMs(pauses, 0, 1000), 300);
  });

  test('counts only what lies between its making and now', () => {
    assert.equal(pausedMs(pauses, 150, 350), 100);
    assert.equal(pausedMs(pauses, 200, 300), 0);
    assert.equal(pausedMs(pauses, 500, 800), 0);
    assert.equal(pausedMs(pauses, 950, 960), 10);
    assert.equal(pausedMs([], 0, 1000), 0);
  });
});

test('a secret that a rotation replaced signs until its time, and not at it', () => {
  const retiringSecrets = [
    { secret: 'b', untilMs: 200 },
    { secret: 'a', untilMs: 100 },
  ];
  const names = (nowMs: number) => liveRetiring({ retiringSecrets }, nowMs).map(({ secret }) => secret);
  assert.deepEqual([names(99), names(100), names(199), names(200)], [['b', 'a'], ['b'], ['b'], []]);
});

describe('a stored configuration', () => {
  function made(changes: Partial<SubscriptionConfig> = {}): SubscriptionConfig {
    const completed = completeSubscription({ name: 'n', url: 'https://example.com' }, () => 'whsec_AAEC');
    assert.ok(completed.kind === 'config');
    return { ...completed.config, ...changes };
  }

  test('of an earlier version is one that leaves out what is new, and is stored again as one made today', () => {
    const today = made();
    const { contentType: _type, sslVerification: _tls, customCa: _ca, ...withRefs } = today;
    const { credentialRef: _credential, secretRef: _secret, retiringSecrets: _retiring, ...older } = withRefs;
    const { rateLimit: _rate, ordered: _order, autoDisableThreshold: _threshold, ...oldest } = older;
    for (const stored of [older, oldest]) assert.equal(JSON.stringify(completeStored(stored)), JSON.stringify(today));
  });

  test('of today stays as it is', () => {
    const set = made({
      rateLimit: { count: 1, seconds: 2 },
      ordered: true,
      autoDisableThreshold: 3,
      contentType: 'form',
      sslVerification: false,
      customCa: 'pem',
      credentialRef: 'file:a',
      secretRef: 'file:b',
      retiringSecrets: [{ secret: 's', untilMs: 1 }],
    });
    assert.deepEqual(completeStored(set), set);
  });
});
